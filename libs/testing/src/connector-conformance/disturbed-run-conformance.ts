import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SourceError } from '#connectors';
import type { FaultKind } from '../fake-source/fault.js';
import type { ReadResult } from '../read-source.js';
import {
  expectNoSecret,
  expectWhole,
  hasGroups,
  openWorld,
  type Subject,
  type World,
} from './conformance-world.js';

const CALLS = ['users', 'groups', 'members'] as const;
const REFUSED: FaultKind[] = [
  { kind: 'nothing' },
  { kind: 'no_list' },
  { kind: 'html' },
  { kind: 'html_404' },
  { kind: 'cut_body' },
  { kind: 'hang_up' },
  { kind: 'status', status: 400 },
];

/** A full run with a fault in its middle. */
export function conformsInFaults(subject: Subject): void {
  const { fake } = subject;
  const hasPages = fake.hasPages !== false;
  const calls = CALLS.filter((call) => fake.calls[call] !== undefined);
  let w: World;
  beforeEach(async () => void (w = await openWorld(subject)));
  afterEach(() => w.server.close());

  const disturbed = async (
    call: (typeof CALLS)[number],
    fault: FaultKind,
    { page = hasPages ? 2 : 1, times = Infinity }: { page?: number; times?: number } = {},
  ): Promise<ReadResult> => {
    const handle = w.server.fail({ call: fake.calls[call] as string, page, times, fault });
    const result = await w.read();
    expect(handle.fired()).toBeGreaterThan(0);
    expectNoSecret(fake, { ...result });
    return result;
  };

  describeEach(calls, (call) => {
    it('asks again after failures of the server', async () => {
      const result = await disturbed(call, { kind: 'status', status: 503 }, { times: 3 });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });

    it('fails when the server does not recover', async () => {
      const result = await disturbed(call, { kind: 'status', status: 500 });
      expect(result).toMatchObject({ complete: false, error: { code: 'source_unavailable' } });
    });

    it.each<FaultKind['kind']>(['cut_body', 'hang_up'])('asks again after a %s', async (kind) => {
      const result = await disturbed(call, { kind } as FaultKind, { times: 1 });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });

    it.each(REFUSED)('takes no listing for complete in which a page is %j', async (fault) => {
      const result = await disturbed(call, fault);
      expect(result.complete).toBe(false);
      expect(result.error).toBeInstanceOf(SourceError);
    });

    it.each([
      [401, 'invalid_credentials'],
      [403, 'insufficient_permissions'],
    ])('stops at a lasting %i', async (status, code) => {
      const result = await disturbed(call, { kind: 'status', status });
      expect(result).toMatchObject({ complete: false, error: { code } });
    });
  });

  describeEach(hasPages ? calls : [], (call) => {
    it('does not take a short page for the last one', async () => {
      const result = await disturbed(call, { kind: 'short_page' });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });

    it('ends a circle of pages as incomplete', async () => {
      const result = await disturbed(call, { kind: 'repeat_token' });
      expect(result).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
    });
  });

  // What answers to requests say has no place in a protocol with connections.
  describeEach(fake.hasConnections === true ? [] : calls, (call) => {
    it.each([
      ['7', 7_000],
      ['Mon, 02 Mar 2026 08:05:00 GMT', 300_000],
    ])('waits as long as a 429 says: %s', async (retryAfter, atLeast) => {
      const result = await disturbed(call, { kind: 'status', status: 429, retryAfter }, { times: 1 });
      expectWhole(w, result);
      const waited = w.time.clock.now().getTime() - w.tenant.startedAt;
      expect(waited).toBeGreaterThanOrEqual(atLeast - 1_000);
    });

    it('renews a token that expired in the middle', async () => {
      const result = await disturbed(call, { kind: 'status', status: 401 }, { times: 1 });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });
  });

  const forgotten = fake.forgetsPages === false ? [] : calls.filter((call) => call !== 'members');
  describeEach(forgotten, (call) => {
    it('is read anew when a page token is not known any more', async () => {
      const result = await disturbed(call, { kind: 'stale_token' }, { times: 1 });
      expect(result.restarts).toHaveLength(1);
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });
  });

  it('lists nothing as complete when a permission is missing from the beginning', async () => {
    const call = hasGroups(fake) ? 'groups' : 'users';
    const result = await disturbed(call, { kind: 'status', status: 403 }, { page: 1 });
    expect(result).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
    expect(result[call].size).toBe(0);
  });
}

/** `describe.each` refuses to have nothing to do. */
function describeEach(
  calls: readonly (typeof CALLS)[number][],
  tests: (call: (typeof CALLS)[number]) => void,
): void {
  if (calls.length > 0)
    describe.each(calls)('%s', (call) => {
      tests(call);
    });
}

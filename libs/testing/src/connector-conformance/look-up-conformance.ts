import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SourceError } from '#connectors';
import type { SnapshotFinding } from '#model';
import type { FaultKind } from '../fake-source/fault.js';
import { askFake, openWorld, type Subject, type World } from './conformance-world.js';

/** What says nothing of who is there. */
export const UNCLEAR: FaultKind[] = [
  { kind: 'status', status: 403 },
  { kind: 'status', status: 500 },
  { kind: 'nothing' },
  { kind: 'html' },
  { kind: 'html_404' },
  { kind: 'hang_up' },
];

/** What is no answer to a question about one record: somebody who is not listed either must stay for it, run after run. */
export const NO_ANSWER: FaultKind[] = [
  { kind: 'status', status: 403 },
  { kind: 'nothing' },
  { kind: 'no_list' },
  { kind: 'html' },
  { kind: 'html_404' },
];

/** A question that fails counts like one that was not answered. */
export function notAnswered(error: unknown): 'unanswered' {
  expect(error).toBeInstanceOf(SourceError);
  return 'unanswered';
}

type Answers = ReadonlyMap<string, SnapshotFinding>;

/** What asking for single records proves, and what it does not. */
export function conformsInLookUp({ connector, fake }: Subject): void {
  let w: World;
  beforeEach(async () => void (w = await openWorld({ connector, fake })));
  afterEach(() => w.server.close());

  const lookUp = (indexes: readonly number[]): Promise<Answers> =>
    askFake(w, (source) => source.lookUp?.('user', indexes.map(fake.userId)) as Promise<Answers>);

  it(`tells who is there${fake.witnessesOnly === true ? ', and nothing of others' : ' and who is gone'}`, async () => {
    w.tenant.remove('user', 4);
    const answers = await lookUp([3, 4, 5]);
    expect(answers).toEqual(
      new Map([
        [fake.userId(3), 'present'],
        ...(fake.witnessesOnly === true ? [] : [[fake.userId(4), 'gone'] as const]),
        [fake.userId(5), 'present'],
      ]),
    );
  });

  it.each(UNCLEAR)('takes nobody for gone when the answer is %j', async (fault) => {
    const handle = w.server.fail({ call: fake.calls.lookUp as string, times: Infinity, fault });
    const answers = await lookUp([3]).catch((error: unknown) => {
      expect(error).toBeInstanceOf(SourceError);
      return new Map<string, string>();
    });
    expect(handle.fired()).toBeGreaterThan(0);
    expect([...answers.values()]).not.toContain('gone');
  });

  it.each(NO_ANSWER)('says that there was no answer when it was %j', async (fault) => {
    w.server.fail({ call: fake.calls.lookUp as string, times: Infinity, fault });
    const ask = async (): Promise<unknown> => (await lookUp([3])).get(fake.userId(3));
    expect(await ask().catch(notAnswered)).toBe('unanswered');
  });
}

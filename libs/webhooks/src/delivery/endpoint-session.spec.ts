import { describe, expect, it } from '@jest/globals';
import type { WebhookEndpoint } from '../endpoints/webhook-endpoint.js';
import type { PostResult } from '../outbound/post-result.js';
import { Signer } from '../signing/signer.js';
import { EndpointSession, type AttemptRecord } from './endpoint-session.js';

const OK: PostResult = { status: 200, error: null, excerpt: null, retryAfter: undefined, durationMs: 1 };
const FAILED: PostResult = { ...OK, status: 500 };

interface Stage {
  readonly session: EndpointSession;
  readonly waiting: ((result: PostResult) => void)[];
  readonly records: AttemptRecord[];
  readonly disabled: string[];
}

function aStage(options: { readonly concurrency?: number; readonly failingSince?: number } = {}): Stage {
  const waiting: Stage['waiting'] = [];
  const records: AttemptRecord[] = [];
  const disabled: string[] = [];
  const settings = {
    endpoint: {} as WebhookEndpoint,
    isOrdered: false,
    concurrency: options.concurrency ?? 2,
    signer: new Signer([{ secret: 'whsec_AAAA', expiresAt: null }]),
    target: {
      post: (_headers: string[], _body: unknown, settle: (r: PostResult) => void) =>
        void waiting.push(settle),
    },
    headers: [],
    retries: 0,
    fingerprint: '',
  };
  const lease = {
    environmentId: 'environment_1',
    endpointId: 'we_1',
    token: '1',
    failingSince: options.failingSince ?? null,
  };
  const session = new EndpointSession(lease, settings, {
    clock: { now: () => new Date(1_000) },
    retryDelays: [5_000],
    disableAfterMs: 500,
    listener: {
      onRecord: (record) => void records.push(record),
      onProgress: () => undefined,
      onDisable: (_session, reason) => void disabled.push(reason),
    },
  });
  session.sendUntil = performance.now() + 60_000;
  session.queue.notice('directory_a', 10);
  for (const lane of session.queue.takeUnread(1)) {
    const events = Array.from({ length: 10 }, (_, i) => ({
      sequence: i + 1,
      id: `event_${i + 1}`,
      body: '{}',
    }));
    session.queue.accept(lane, {
      after: null,
      position: 0,
      head: 10,
      scannedTo: 10,
      isBlocked: false,
      expired: 0,
      events,
    });
  }
  return { session, waiting, records, disabled };
}

describe('EndpointSession', () => {
  it('starts what the cap allows and the next one with every answer', () => {
    const { session, waiting, records } = aStage();
    session.pump();
    expect(waiting).toHaveLength(2);
    waiting[1]?.(OK);
    expect(waiting).toHaveLength(3);
    expect(records.map((record) => [record.delivery.sequence, record.outcome])).toEqual([[2, 'succeeded']]);
  });

  it('starts nothing in the last part of its lease', () => {
    const { session, waiting } = aStage();
    session.sendUntil = performance.now();
    session.pump();
    expect(waiting).toEqual([]);
  });

  it('records what was in flight when it was retired, and starts nothing more', () => {
    const { session, waiting, records } = aStage();
    session.pump();
    session.retire();
    for (const answer of waiting) answer(OK);
    expect(waiting).toHaveLength(2);
    expect(records).toHaveLength(2);
  });

  it('drops what comes back after the lease was lost', () => {
    const { session, waiting, records } = aStage();
    session.pump();
    session.lose();
    for (const answer of waiting) answer(FAILED);
    expect(records).toEqual([]);
    expect(session.inFlight).toBe(0);
  });

  it('pauses while too much is not recorded', () => {
    const { session, waiting } = aStage();
    session.unrecorded = 2_048;
    session.pump();
    expect(waiting).toEqual([]);
    session.unrecorded = 0;
    session.pump();
    expect(waiting).toHaveLength(2);
  });

  it('asks once to be disabled, by a 410 or when failures have lasted too long', () => {
    const gone = aStage();
    gone.session.pump();
    for (const answer of gone.waiting.slice()) answer({ ...OK, status: 410 });
    expect(gone.disabled).toEqual(['gone']);
    const failing = aStage({ failingSince: 500 });
    failing.session.pump();
    for (const answer of failing.waiting.slice()) answer(FAILED);
    expect(failing.disabled).toEqual(['failing']);
    const patient = aStage({ failingSince: 501 });
    patient.session.pump();
    for (const answer of patient.waiting.slice()) answer(FAILED);
    expect(patient.disabled).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { aSourceUser, ScriptedSource } from '#testing';
import { SourceError, type SourceErrorCode } from '../sdk/source-error.js';
import { backOffSeconds, withJitter } from './back-off.js';
import type { Claim } from './lease-store.js';
import { PageWatch } from './page-watch.js';
import { classifyFailure, describeFailure } from './run-errors.js';
import { closingOf, cursorsOf, scheduledMode } from './run-plan.js';
import { progressIn, secondsLeft } from './run-progress.js';
import { newStream, provenCoverage, type RunOutcome, type SyncRun } from './sync-run.js';

const connector = new ScriptedSource({ streams: {} }).connector();

const claim: Claim = {
  environmentId: 'environment_1',
  directoryId: 'directory_1',
  token: '1',
  provider: 'scripted',
  state: 'linked',
  activeRunId: null,
  stagedRunId: null,
  needsApproval: false,
  isFullDue: false,
  incrementalSeconds: null,
  fullSeconds: null,
  windows: [],
  failures: 0,
  lastFullRecords: null,
  lagSeconds: 0,
  claimedAt: new Date('2026-11-24T12:00:00Z'),
};

const run: SyncRun = {
  environmentId: 'environment_1',
  directoryId: 'directory_1',
  id: 'run_1',
  mode: 'full',
  trigger: 'schedule',
  status: 'fetching',
  needsApproval: false,
  streams: [],
  pages: 2,
  records: 100,
  invalid: 0,
  expected: null,
  counts: {},
  error: null,
  attempts: 1,
  revision: 1,
  createdAt: '2026-11-24T10:00:00.000Z',
  startedAt: '2026-11-24T10:00:00.000Z',
  finishedAt: null,
};

describe('the next run', () => {
  it('is incremental unless a full one is due, asked for by approval, or all that there is', () => {
    expect(scheduledMode(claim, connector)).toBe('incremental');
    expect(scheduledMode({ ...claim, isFullDue: true }, connector)).toBe('full');
    expect(scheduledMode({ ...claim, needsApproval: true }, connector)).toBe('full');
    const capabilities = { ...connector.manifest.capabilities, incremental: false };
    const plain = { ...connector, manifest: { ...connector.manifest, capabilities } };
    expect(scheduledMode(claim, plain)).toBe('full');
  });

  interface Case {
    readonly what: string;
    readonly outcome: RunOutcome;
    readonly run?: Partial<SyncRun>;
    readonly claim?: Partial<Claim>;
    /** Due in, next full run in, failures. */
    readonly next: readonly [number | null, number | null, number];
  }
  const cases: readonly Case[] = [
    { what: 'a good full run', outcome: 'succeeded', next: [900, 86400, 0] },
    {
      what: 'a good incremental run',
      outcome: 'succeeded',
      run: { mode: 'incremental' },
      claim: { failures: 3 },
      next: [900, null, 0],
    },
    { what: 'a full run that read a part', outcome: 'partial', claim: { failures: 1 }, next: [180, 180, 2] },
    {
      what: 'a full run that read a part again and again',
      outcome: 'partial',
      claim: { failures: 7 },
      next: [900, 21600, 8],
    },
    { what: 'a failure', outcome: 'failed', next: [60, null, 1] },
    { what: 'a preview', outcome: 'previewed', run: { mode: 'preview' }, next: [null, null, 0] },
    {
      what: 'a preview that was refused',
      outcome: 'cancelled',
      claim: { needsApproval: true },
      next: [86400, 86400, 0],
    },
    {
      what: 'own intervals',
      outcome: 'succeeded',
      claim: { incrementalSeconds: 300, fullSeconds: 7_200 },
      next: [300, 7200, 0],
    },
  ];
  it.each(cases)('after $what', ({ outcome, next, ...changes }) => {
    const ended = { claim: { ...claim, ...changes.claim }, run: { ...run, ...changes.run }, outcome };
    const { dueInSeconds, nextFullSeconds, failures } = closingOf(ended, connector, 0.5);
    expect([dueInSeconds, nextFullSeconds, failures]).toEqual(next);
  });

  it('is approved only by a run that waited for it', () => {
    const waited = { claim: { ...claim, needsApproval: true }, run, outcome: 'succeeded' } as const;
    expect(closingOf(waited, connector, 0.5).isApproved).toBe(true);
    const refused = { ...waited, outcome: 'cancelled' } as const;
    expect(closingOf(refused, connector, 0.5).isApproved).toBe(false);
  });

  it('comes later and later after failures, and never at the same second for all', () => {
    expect([1, 2, 3, 4, 20].map(backOffSeconds)).toEqual([60, 180, 540, 1_620, 21_600]);
    expect([0, 0.5, 1].map((random) => withJitter(900, random))).toEqual([810, 900, 990]);
  });
});

describe('what a run proves', () => {
  const complete = { ...newStream('a', ['users']), state: 'complete' } as const;
  const cut = { ...newStream('b', ['users']), state: 'incomplete' } as const;

  it('is a kind of which every stream came to its end', () => {
    expect(provenCoverage([complete])).toEqual(['users']);
    expect(provenCoverage([complete, cut])).toEqual([]);
    expect(provenCoverage([complete, { ...cut, covers: ['groups'] }])).toEqual(['users']);
    expect(provenCoverage([{ ...complete, covers: [] }])).toEqual([]);
  });

  it('is also where the next one starts, for streams that ended', () => {
    const streams = [
      { ...complete, cursor: 'c1' },
      { ...cut, cursor: null },
      { ...newStream('c', []), cursor: 'c3' },
    ];
    expect(cursorsOf({ ...run, streams }, 'f')).toEqual([{ streamId: 'a', cursor: 'c1', fingerprint: 'f' }]);
  });
});

describe('the time left', () => {
  const now = new Date('2026-11-24T10:01:00.000Z');

  it('follows the pace so far', () => {
    expect(secondsLeft({ ...run, expected: 300 }, now)).toBe(120);
    const streams = [{ ...newStream('users', ['users']), records: 100, total: 200 }] as const;
    expect(secondsLeft({ ...run, expected: 300, streams }, now)).toBe(60);
  });

  it('follows the pace at which changes are applied, once they are', () => {
    const progress = { done: 50, total: 200, since: '2026-11-24T10:00:30.000Z' };
    const applying = { ...run, expected: 300, status: 'applying', counts: { progress } } as const;
    expect(progressIn(applying)).toEqual(progress);
    expect(secondsLeft(applying, now)).toBe(90);
    expect(secondsLeft({ ...applying, counts: { progress: { ...progress, done: 0 } } }, now)).toBeNull();
    expect(progressIn({ ...applying, status: 'failed' })).toBeUndefined();
  });

  it('is not known without a total, or when reading is over', () => {
    expect(secondsLeft(run, now)).toBeNull();
    expect(secondsLeft({ ...run, expected: 300, mode: 'incremental' }, now)).toBeNull();
    expect(secondsLeft({ ...run, expected: 300, status: 'applying' }, now)).toBeNull();
    expect(secondsLeft({ ...run, expected: 50 }, now)).toBe(0);
  });
});

describe('a failure', () => {
  it.each<[SourceErrorCode, string]>([
    ['invalid_credentials', 'fatal'],
    ['wrong_host', 'fatal'],
    ['rate_limited', 'wait'],
    ['source_unavailable', 'wait'],
    ['cursor_expired', 'restart'],
    ['insufficient_permissions', 'cut'],
    ['incomplete_listing', 'cut'],
    ['source_changed_shape', 'cut'],
  ])('%s is %s, with something to do about it', (code, kind) => {
    const error = new SourceError(code, 'Something.');
    expect(classifyFailure(error)).toBe(kind);
    expect(describeFailure(error)).toMatchObject({ code, message: 'Something.' });
    expect(describeFailure(error).remedy.length).toBeGreaterThan(20);
  });

  it('of our own keeps its text to itself', () => {
    expect(classifyFailure(new TypeError('x'))).toBe('fatal');
    expect(JSON.stringify(describeFailure(new TypeError('token abc')))).not.toContain('abc');
  });
});

describe('PageWatch', () => {
  it('lets a stream go on whose pages differ, and empty ones repeat', () => {
    const watch = new PageWatch();
    const pages = [
      { records: [aSourceUser('ada')], next: 1 },
      { records: [], next: 2 },
      { records: [], next: 3 },
      { records: [aSourceUser('bob')], next: { page: 4 } },
    ];
    expect(pages.map((page, index) => watch.problem(page, index))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('sees a checkpoint or a page that comes back, and a stream without end', () => {
    const watch = new PageWatch();
    watch.problem({ records: [aSourceUser('ada')], next: 'a' }, 0);
    expect(watch.problem({ records: [aSourceUser('bob')], next: 'a' }, 1)).toContain('Page 2 leads');
    expect(watch.problem({ records: [aSourceUser('ada')], next: 'b' }, 2)).toContain(
      'Page 3 has the same content',
    );
    expect(watch.problem({ records: [], next: 'c' }, 200_000)).toContain('more than 200000 pages');
  });
});

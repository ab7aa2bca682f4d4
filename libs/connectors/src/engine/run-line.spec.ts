import { describe, expect, it } from '@jest/globals';
import type { Execution } from './executor-parts.js';
import { runLine } from './run-line.js';
import { runError } from './run-errors.js';
import type { SyncRun } from './sync-run.js';

const RUN: SyncRun = {
  environmentId: 'environment_1',
  directoryId: 'directory_1',
  id: 'run_1',
  mode: 'incremental',
  trigger: 'schedule',
  status: 'succeeded',
  needsApproval: false,
  streams: [],
  pages: 4,
  records: 0,
  invalid: 0,
  expected: null,
  counts: {},
  error: null,
  attempts: 0,
  revision: 3,
  createdAt: '2026-11-29T03:00:00.000Z',
  startedAt: null,
  finishedAt: null,
};

function turn(run: Partial<SyncRun>, changes: Partial<Execution> = {}): Execution {
  return {
    outcome: 'succeeded',
    provider: 'okta',
    error: null,
    pages: 4,
    seconds: 1.26,
    run: { ...RUN, ...run },
    ...changes,
  };
}

describe('the line of a run', () => {
  it('names the run, what it read and what it changed, without zeros', () => {
    const counts = {
      users: { create: 2, update: 0, held: 0 },
      memberships: { groups_changed: 1, removals: 0 },
      awaiting_confirmation: 3,
      hold_id: null,
      reasons: [],
      warnings: ['Ada Ahn goes by another name.'],
      progress: { applied: 3 },
    };
    expect(runLine(turn({ counts, records: 12, mode: 'full', invalid: 1 }))).toEqual({
      level: 'info',
      message: 'sync run succeeded',
      facts: {
        provider: 'okta',
        runId: 'run_1',
        mode: 'full',
        trigger: 'schedule',
        records: 12,
        pages: 4,
        seconds: 1.3,
        invalid: 1,
        changes: { 'users.create': 2, 'memberships.groups_changed': 1, awaiting_confirmation: 3 },
        warnings: 1,
      },
    });
  });

  it('tells why, where a run is not what it should be', () => {
    const error = runError('source_unavailable', 'The source is away.');
    expect(runLine(turn({}, { outcome: 'failed', error }))).toMatchObject({
      level: 'warn',
      message: 'sync run failed',
      facts: { runId: 'run_1', code: 'source_unavailable', reason: 'The source is away.' },
    });
    expect(runLine(turn({}, { outcome: 'paused', error })).level).toBe('info');
    expect(runLine(turn({}, { outcome: 'lost', run: null })).level).toBe('warn');
  });

  it('warns of removals that wait for somebody', () => {
    const counts = { users: { held: 25 }, hold_id: 'removal_hold_1' };
    expect(runLine(turn({ counts }))).toMatchObject({
      level: 'warn',
      message: 'sync run succeeded, removals are held',
      facts: { holdId: 'removal_hold_1', changes: { 'users.held': 25 } },
    });
  });

  it('is for debugging when a scheduled run has no news, and told when somebody asked for it', () => {
    const counts = { users: { create: 0 }, memberships: { removals: 0 }, warnings: [], hold_id: null };
    expect(runLine(turn({ counts })).level).toBe('debug');
    expect(runLine(turn({ counts, trigger: 'manual' })).level).toBe('info');
  });
});

import { expect, it } from '@jest/globals';
import type { SnapshotRecord } from '#model';
import { RunStaging } from './run-staging.js';
import type { SnapshotDoor } from './snapshot-door.js';

const ann = { kind: 'user', user: { sourceId: 'ann' } } as SnapshotRecord;
const bob = { kind: 'user', user: { sourceId: 'bob' } } as SnapshotRecord;
const annIsGone: SnapshotRecord = { kind: 'removed', of: 'user', id: 'ann', reason: 'deleted' };

it.each([
  ['full', [ann, bob, annIsGone], ['ann', 'bob']],
  ['full', [annIsGone, bob, ann], ['ann', 'bob']],
  ['incremental', [ann, bob, annIsGone], ['bob']],
  ['incremental', [annIsGone, bob, ann], ['ann', 'bob']],
] as const)(
  'knows of a held %s run whom it has shown, as the tables would: %j',
  async (mode, records, ids) => {
    const staging = new RunStaging({
      door: {} as SnapshotDoor,
      snapshot: { environmentId: 'environment_1', directoryId: 'directory_1', runId: 'run_1', mode },
      fence: () => Promise.resolve(),
      isFresh: true,
    });
    for (const record of records) expect(staging.hold([record])).toBe(true);
    expect(await staging.ids('user', { after: null, limit: 10 })).toEqual(ids);
    expect(await staging.ids('user', { after: 'ann', limit: 10 })).toEqual(['bob']);
    expect(await staging.ids('group', { after: null, limit: 10 })).toEqual([]);
  },
);

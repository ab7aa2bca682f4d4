import type { Queryable } from '#kernel';
import { goneRecords } from './absences.js';
import { GONE_MEMBERS } from './compare-members.js';
import type { ApplyProgress, OnProgress, SnapshotRun } from './snapshot.js';
import { keyOf, ofRun } from './statement-parts.js';

/** Nobody needs to know more often. */
const EVERY_MS = 1_000;

/** How much of what a run changes has been applied: people, groups and memberships, each counted as one. */
export class Progress {
  readonly #tell: OnProgress;
  readonly #total: number;
  #done = 0;
  #toldAt = performance.now();

  constructor(total: number, tell: OnProgress) {
    this.#total = total;
    this.#tell = tell;
  }

  /** @throws what telling throws: a run that may not write any more */
  async add(changes: number): Promise<void> {
    this.#done += changes;
    const now = performance.now();
    if (now - this.#toldAt < EVERY_MS) return;
    this.#toldAt = now;
    await this.#tell(this.#shown());
  }

  /** Groups in groups may make more of an edge than one change, or less. */
  #shown(): ApplyProgress {
    return { done: Math.min(this.#done, this.#total), total: this.#total };
  }
}

/** For whoever asks for it: counting takes a moment. */
export async function startProgress(
  database: Queryable,
  run: SnapshotRun,
  tell: OnProgress | undefined,
): Promise<Progress | undefined> {
  if (tell === undefined) return undefined;
  const [row] = await database.query<{ total: number }>({
    name: 'snapshot_count_work',
    text: WORK,
    values: keyOf(run),
  });
  return new Progress(row?.total ?? 0, tell);
}

const WORK = `
SELECT ((SELECT count(*) FROM snapshot_records s WHERE ${ofRun('s')} AND s.record IS NOT NULL)
  + (SELECT count(*) FROM ${goneRecords("'user'")} gone_users) + (SELECT count(*) FROM ${goneRecords("'group'")} gone_groups)
  + (SELECT coalesce(sum(cardinality(a.member_ids)), 0) FROM snapshot_member_additions a WHERE ${ofRun('a')})
  + (SELECT count(*) FROM ${GONE_MEMBERS} gone_members))::float8 AS total`;

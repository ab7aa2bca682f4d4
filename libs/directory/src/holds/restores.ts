import { newId, NotFoundError } from '#kernel';
import { directoryGroupWire, directoryUserWire } from '#model';
import type { Batch } from '../apply/batch.js';
import { announceMembership, announceUpdate } from '../apply/evaluate-common.js';
import type { DirectoryRef } from '../apply/head.js';
import { inTransaction, type DirectoryStoreOptions } from '../apply/transaction.js';
import { insertHold } from './hold-rows.js';
import { readLinked } from './linked-ids.js';

/** What to bring back: one resource, or everything that one hold or run removed. */
export type RestoreSelector =
  | { readonly userId: string }
  | { readonly groupId: string }
  | { readonly holdId: string }
  | { readonly runId: string };

export interface Restored {
  readonly users: number;
  readonly groups: number;
  readonly memberships: number;
  /** Lists what the source still asserts to be removed. */
  readonly holdId: string;
}

interface RemovalRow {
  readonly id: string;
  readonly kind: 'user' | 'group' | 'membership';
  readonly action: 'deactivate' | 'delete' | 'remove';
  readonly user_id: string;
  readonly group_id: string;
  readonly linked_ids: string[];
}

type Counts = { -readonly [K in Exclude<keyof Restored, 'holdId'>]: number };

const BATCH = 200;
const RETENTION_DAYS = 30;

/**
 * Brings back what was removed within 30 days, with ids and memberships as of removal. It is in effect again, while the
 * source still asserts its removal: it carries the mark of pending removals until the source takes that back.
 */
export class Restores {
  readonly #options: DirectoryStoreOptions;

  constructor(options: DirectoryStoreOptions) {
    this.#options = options;
  }

  /**
   * Interrupted, it can be called again and goes on.
   * @throws NotFoundError when nothing is there to restore.
   */
  async restore(ref: DirectoryRef, selector: RestoreSelector, restoredBy: string): Promise<Restored> {
    const counts: Counts = { users: 0, groups: 0, memberships: 0 };
    const holdId = newId('removal_hold');
    const run = { ref, holdId, restoredBy, counts, selector };
    // First everybody, then who was with whom: both ends of a membership must be there.
    const found = await this.#restoreAll(run, 'no');
    const linked = await this.#restoreAll(run, 'self');
    if (!found && !linked)
      throw new NotFoundError(
        `There is nothing to restore: nothing of this was removed within ${RETENTION_DAYS} days, or it is back already.`,
      );
    return { ...counts, holdId };
  }

  /** Forgets removals that are too old to be restored. @returns whether more remain. */
  async removeExpired(limit: number): Promise<boolean> {
    const rows = await this.#options.database.query({
      name: 'removals_expire',
      text: `DELETE FROM removals WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM removals WHERE removed_at < now() - make_interval(days => $2) LIMIT $1)) RETURNING id`,
      values: [limit, RETENTION_DAYS],
    });
    return rows.length === limit;
  }

  async #restoreAll(run: Run, phase: 'no' | 'self'): Promise<boolean> {
    const { ref, holdId } = run;
    for (let found = 0; ;) {
      const committed = await inTransaction(this.#options, ref.directoryId, () => ({
        ref,
        removals: { kind: 'judged', holdId } as const,
        work: (batch) => restoreSome(batch, run, phase),
      }));
      const done = committed?.result ?? 0;
      found += done;
      if (done < BATCH) return found > 0;
    }
  }
}

interface Run {
  readonly ref: DirectoryRef;
  readonly selector: RestoreSelector;
  readonly holdId: string;
  readonly restoredBy: string;
  readonly counts: Counts;
}

async function restoreSome(batch: Batch, run: Run, phase: 'no' | 'self'): Promise<number> {
  const { head, tx } = batch;
  const condition = conditionOf(run.selector);
  const rows = await tx.query<RemovalRow>({
    text: `UPDATE removals r SET restored = $4 WHERE r.environment_id = $1 AND r.directory_id = $2 AND r.id IN (
        SELECT id FROM removals WHERE environment_id = $1 AND directory_id = $2 AND restored = $5
          AND removed_at > now() - make_interval(days => ${RETENTION_DAYS}) AND ${condition.text}
        ORDER BY id LIMIT ${BATCH})
      RETURNING r.id, r.kind, r.action, r.user_id, r.group_id, r.linked_ids`,
    values: [head.environmentId, head.directoryId, condition.value, phase === 'no' ? 'self' : 'all', phase],
  });
  if (rows.length === 0) return 0;
  await ensureHold(batch, run);
  const idsOf = (name: 'user_id' | 'group_id'): string[] =>
    rows.map((row) => row[name]).filter((id) => id !== '');
  await batch.users.loadAny(idsOf('user_id'));
  await batch.groups.loadAny(idsOf('group_id'));
  const ordered = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  if (phase === 'no') for (const row of ordered) revive(batch, row, run.counts);
  else for (const row of ordered) await reviveLinks(batch, row, run.counts);
  return rows.length;
}

/** Of one resource only its latest removal counts. */
function conditionOf(selector: RestoreSelector): { readonly text: string; readonly value: string } {
  const latest = (column: string, kind: string): string =>
    `id = (SELECT max(l.id) FROM removals l WHERE l.environment_id = $1 AND l.directory_id = $2
      AND l.kind = '${kind}' AND l.${column} = $3)`;
  if ('userId' in selector) return { text: latest('user_id', 'user'), value: selector.userId };
  if ('groupId' in selector) return { text: latest('group_id', 'group'), value: selector.groupId };
  if ('holdId' in selector) return { text: 'hold_id = $3', value: selector.holdId };
  return { text: 'run_id = $3', value: selector.runId };
}

async function ensureHold({ tx, head, guard }: Batch, { holdId, restoredBy }: Run): Promise<void> {
  const rows = await tx.query({
    name: 'holds_state',
    text: 'SELECT state FROM holds WHERE environment_id = $1 AND directory_id = $2 AND id = $3',
    values: [head.environmentId, head.directoryId, holdId],
  });
  if (rows.length > 0) return;
  await insertHold(tx, head, {
    id: holdId,
    source: 'restore',
    state: 'rejected',
    runId: null,
    reasons: [`Restored by ${restoredBy} while the source asserts the removal.`],
    counts: { users: 0, groups: 0, memberships: 0, identities: 0 },
    openedAt: guard.now,
  });
}

function revive(batch: Batch, row: RemovalRow, counts: Counts): void {
  if (row.kind === 'group') reviveGroup(batch, row.group_id, counts);
  if (row.kind === 'user' && row.action === 'delete') reviveUser(batch, row.user_id, counts);
  if (row.kind === 'user' && row.action === 'deactivate') reactivate(batch, row.user_id, counts);
}

function reviveGroup(batch: Batch, id: string, counts: Counts): void {
  const group = batch.groups.removed(id);
  if (!group || batch.groups.inEffect(id)) return;
  batch.groups.revive(id);
  batch.events.push({ type: 'dsync.group.created', data: directoryGroupWire(group) });
  counts.groups++;
}

function reviveUser(batch: Batch, id: string, counts: Counts): void {
  const asserted = batch.users.asserted(id);
  if (!asserted || batch.users.inEffect(id)) return;
  const user = { ...asserted, updatedAt: batch.guard.now };
  batch.users.setEffective(id, user);
  batch.events.push({ type: 'dsync.user.created', data: directoryUserWire(user) });
  counts.users++;
}

function reactivate(batch: Batch, id: string, counts: Counts): void {
  const before = batch.users.inEffect(id);
  if (!before || before.active) return;
  const raw = 'active' in before.raw ? { ...before.raw, active: true } : before.raw;
  const user = { ...before, active: true, stateReason: null, raw, updatedAt: batch.guard.now };
  batch.users.setEffective(id, user);
  announceUpdate(batch, before, user);
  counts.users++;
}

async function reviveLinks(batch: Batch, row: RemovalRow, counts: Counts): Promise<void> {
  if (row.kind === 'group') {
    const links = row.linked_ids.map((linked) => readLinked(row.group_id, linked));
    await batch.users.loadAny(links.map((link) => link.member));
    await batch.groups.loadAny(links.map((link) => link.groupId));
    await batch.memberships.loadLinks(links);
    for (const { groupId, member } of links) reviveMembership(batch, { userId: member, groupId }, counts);
    return;
  }
  await batch.memberships.loadMember([row.user_id]);
  const groupIds = row.kind === 'user' ? row.linked_ids : [row.group_id];
  await batch.groups.loadAny(groupIds);
  for (const groupId of groupIds) reviveMembership(batch, { userId: row.user_id, groupId }, counts);
}

function reviveMembership(
  batch: Batch,
  { userId, groupId }: { readonly userId: string; readonly groupId: string },
  counts: Counts,
): void {
  const group = batch.groups.inEffect(groupId);
  if (!group || !batch.users.inEffect(userId) || batch.memberships.isInEffect(groupId, userId)) return;
  batch.memberships.hold(groupId, userId);
  announceMembership(batch, 'dsync.group.user_added', { group, userId });
  counts.memberships++;
}

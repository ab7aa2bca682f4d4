import { isJsonObject, type JsonObject, type Queryable } from '#kernel';
import type { SnapshotKind } from '#model';
import type { RunRemovals } from '../guard/judge.js';
import { countStaged, doubt, isRead, markRecords, type Proof, type Staged } from './absences.js';
import { compareMembers } from './compare-members.js';
import { FOR_LARGE_SETS } from './large-sets.js';
import { countLosses, type KeptAttribute } from './losses.js';
import { keepProof, keptProof, spareMemberships, type MembershipProof } from './membership-proof.js';
import type { RunFacts, SnapshotRun } from './snapshot.js';
import { settleRecords } from './stage-records.js';
import { keyOf } from './statement-parts.js';

/** What a run will do, decided before it does anything, and kept if it has to be resumed. */
export interface Decision {
  readonly holdId: string | null;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  /** Attributes that so many people would lose at once that they keep them. */
  readonly kept: readonly KeptAttribute[];
  readonly awaiting: number;
  /** How many a full run was shown of each kind that it read to the end. */
  readonly listed: Partial<Record<SnapshotKind, number>>;
}

/** Where people who left stay listed, more than both of these vanishing is abnormal. */
const ABNORMAL = { count: 3, share: 0.005 };
/** What a run has found out about removals, before the guard has judged it. */
export interface Finding extends Omit<Decision, 'holdId' | 'reasons'> {
  readonly losses: RunRemovals;
  /** Reasons of its own to hold, beside the guard's limits. */
  readonly abnormal: readonly string[];
}

/** What the source was asked, before anything is decided. */
export interface Proofs {
  readonly proofs: Readonly<Record<SnapshotKind, Proof>>;
  readonly memberships: MembershipProof;
}

/** What is known of one kind before its absences are marked. */
interface KindOfRun {
  readonly kind: SnapshotKind;
  readonly facts: RunFacts;
  readonly proof: Proof;
  /** Undefined when it was not read to its end. */
  readonly staged: Staged | undefined;
}

/** Marks absences and counts what the run would remove; call it in a transaction. */
export async function findLosses(
  tx: Queryable,
  run: SnapshotRun,
  { facts, proofs, memberships }: { readonly facts: RunFacts } & Proofs,
): Promise<Finding> {
  await tx.query({ text: FOR_LARGE_SETS });
  const isFull = run.mode === 'full';
  const staged = await settle(tx, run, facts);
  const warnings: string[] = [];
  const listed: Partial<Record<SnapshotKind, number>> = {};
  for (const kind of ['user', 'group'] as const) {
    const counted = staged[kind];
    const doubtful = await markAbsences(tx, run, { kind, facts, proof: proofs[kind], staged: counted });
    if (counted && isFull) listed[kind] = counted.listed;
    if (doubtful !== undefined) warnings.push(doubtful);
  }
  await compareMembers(tx, run, isFull && facts.complete.includes('memberships'));
  await keepProof(tx, run, memberships);
  warnings.push(...(await spareMemberships(tx, run, memberships)));
  const { losses, inferred, active, awaiting, kept } = await countLosses(tx, run, facts);
  if (kept.length > 0)
    warnings.push(
      `More than a fifth of all people would lose ${kept.join(', ')}. They keep it: more likely the credential may no longer read it.`,
    );
  return { losses, abnormal: abnormalReasons(facts, { inferred, active }), kept, warnings, awaiting, listed };
}

/**
 * Counts what was read to its end, and settles what a full run has said of somebody more than once. Counting takes a look
 * at everybody who is known: only where it can prove an absence.
 */
async function settle(
  tx: Queryable,
  run: SnapshotRun,
  facts: RunFacts,
): Promise<Readonly<Record<SnapshotKind, Staged | undefined>>> {
  const user = isRead(facts, 'user') ? await countStaged(tx, run, 'user') : undefined;
  const group = isRead(facts, 'group') ? await countStaged(tx, run, 'group') : undefined;
  const isSettled = [user, group].every((counted) => counted?.isRepeated === false);
  if (run.mode === 'full' && !isSettled) await settleRecords(tx, run);
  return { user, group };
}

/** @returns why what was read of a kind, to its end, may not be all there is */
async function markAbsences(
  tx: Queryable,
  run: SnapshotRun,
  { kind, facts, proof, staged }: KindOfRun,
): Promise<string | undefined> {
  const doubtful = staged && doubt(staged, { kind, total: facts.totals?.[kind] });
  const isProven = staged !== undefined && doubtful === undefined && staged.unseen > 0;
  await markRecords(tx, run, { kind, isProven, proof });
  return doubtful;
}

function abnormalReasons(
  { listsInactive = false }: RunFacts,
  { inferred, active }: { readonly inferred: number; readonly active: number },
): string[] {
  if (!listsInactive || inferred <= Math.max(ABNORMAL.count, active * ABNORMAL.share)) return [];
  return [`${inferred} people vanished from a source that keeps listing people who left.`];
}

/** What was stored of the run: its decision, or what was kept before there was one. */
export async function loadDecision(
  database: Queryable,
  run: SnapshotRun,
): Promise<{ readonly decision?: Decision; readonly memberships?: MembershipProof }> {
  const rows = await database.query<{ decision: JsonObject }>({
    name: 'snapshot_decision',
    text: `SELECT decision FROM snapshot_decisions
      WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3`,
    values: keyOf(run),
  });
  const stored = rows[0]?.decision;
  const memberships = keptProof(stored);
  if (memberships !== undefined) return { memberships };
  return isJsonObject(stored) ? { decision: stored as unknown as Decision } : {};
}

export async function saveDecision(tx: Queryable, run: SnapshotRun, decision: Decision): Promise<void> {
  await tx.query({
    name: 'snapshot_decision_save',
    text: `INSERT INTO snapshot_decisions AS d (environment_id, directory_id, run_id, decision)
      VALUES ($1, $2, $3, $4)
      ON CONFLICT (environment_id, directory_id, run_id) DO UPDATE SET decision = excluded.decision
        WHERE d.decision ? 'proof'`,
    values: [...keyOf(run), JSON.stringify(decision)],
  });
}

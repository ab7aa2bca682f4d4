import { isJsonObject, type JsonObject, type Queryable } from '#kernel';
import type { SnapshotKind } from '#model';
import type { RunRemovals } from '../guard/judge.js';
import { countStaged, doubt, markRecords, type Proof } from './absences.js';
import { compareMembers, FOR_LARGE_SETS } from './compare-members.js';
import { countLosses, massClears, type KeptAttribute } from './losses.js';
import type { RunFacts, SnapshotRun } from './snapshot.js';
import { keyOf, settleRecords } from './staging.js';

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

interface Known {
  readonly facts: RunFacts;
  readonly proofs: Readonly<Record<SnapshotKind, Proof>>;
}

/** Marks absences and counts what the run would remove; call it in a transaction. */
export async function findLosses(tx: Queryable, run: SnapshotRun, known: Known): Promise<Finding> {
  const { facts } = known;
  await tx.query({ text: FOR_LARGE_SETS });
  if (run.mode === 'full') await settleRecords(tx, run);
  const users = await mark(tx, run, { ...known, kind: 'user' });
  const groups = await mark(tx, run, { ...known, kind: 'group' });
  await compareMembers(tx, run, run.mode === 'full' && facts.complete.includes('memberships'));
  const { losses, awaiting, changes, ...vanished } = await countLosses(tx, run);
  const kept = await massClears(tx, run, changes);
  const warnings = [...users.warnings, ...groups.warnings];
  if (kept.length > 0)
    warnings.push(
      `More than a fifth of all people would lose ${kept.join(', ')}. They keep it: more likely the credential may no longer read it.`,
    );
  const listed = { ...users.listed, ...groups.listed };
  return { losses, abnormal: abnormal(facts, vanished), kept, warnings, awaiting, listed };
}

/** Marks who of a kind is missing, as far as the run proves that, and who is back. */
async function mark(
  tx: Queryable,
  run: SnapshotRun,
  { kind, facts, proofs }: Known & { readonly kind: SnapshotKind },
): Promise<{ readonly warnings: readonly string[]; readonly listed: Decision['listed'] }> {
  if (!facts.complete.includes(kind === 'user' ? 'users' : 'groups')) {
    await markRecords(tx, run, { kind, isProven: false, proof: proofs[kind] });
    return { warnings: [], listed: {} };
  }
  const staged = await countStaged(tx, run, kind);
  const doubtful = doubt(staged, { kind, total: facts.totals?.[kind] });
  await markRecords(tx, run, { kind, isProven: doubtful === undefined, proof: proofs[kind] });
  return {
    warnings: doubtful === undefined ? [] : [doubtful],
    listed: run.mode === 'full' ? { [kind]: staged.listed } : {},
  };
}

function abnormal(
  { listsInactive }: RunFacts,
  { inferred, active }: { readonly inferred: number; readonly active: number },
): string[] {
  if (listsInactive !== true || inferred <= Math.max(ABNORMAL.count, active * ABNORMAL.share)) return [];
  return [`${inferred} people vanished from a source that keeps listing people who left.`];
}

export async function loadDecision(database: Queryable, run: SnapshotRun): Promise<Decision | undefined> {
  const rows = await database.query<{ decision: JsonObject }>({
    name: 'snapshot_decision',
    text: `SELECT decision FROM snapshot_decisions
      WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3`,
    values: keyOf(run),
  });
  const stored = rows[0]?.decision;
  return isJsonObject(stored) ? (stored as unknown as Decision) : undefined;
}

export async function saveDecision(tx: Queryable, run: SnapshotRun, decision: Decision): Promise<void> {
  await tx.query({
    name: 'snapshot_decision_save',
    text: `INSERT INTO snapshot_decisions (environment_id, directory_id, run_id, decision)
      VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    values: [...keyOf(run), JSON.stringify(decision)],
  });
}

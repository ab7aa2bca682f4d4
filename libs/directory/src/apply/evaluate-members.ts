import type { DirectoryGroup, MemberOperation } from '#model';
import { checkKeyLength } from '../rows/user-row.js';
import type { Batch } from './batch.js';
import type { BatchLinks } from './members.js';
import { listMembers, settleMembers, type ListedChange } from './memberships.js';
import { resolveMembers, type Member, type Resolved } from './resolve-members.js';

/** What is to be done to the members of one group. */
interface Steps {
  readonly groupId: string;
  readonly operations: readonly MemberOperation[];
  /** What every value that the steps mention stands for. */
  readonly resolved: ReadonlyMap<string, Resolved>;
}

/** The members listed after all steps, as far as the steps say something: id or value → listed or not. */
type Wanted = Readonly<Record<Member['kind'], Map<string, boolean>>>;

/**
 * Applies member steps in order and announces the net difference, removals first. A group as a member brings everybody
 * in it. A value that matches nobody becomes a pending membership.
 * @returns whether anything changed that the source sees: what is listed, pending memberships included.
 */
export async function applyMembers(
  batch: Batch,
  group: DirectoryGroup,
  operations: readonly MemberOperation[],
): Promise<boolean> {
  const values = [...new Set(operations.flatMap((step) => (step.op === 'remove_all' ? [] : step.values)))];
  if (values.length === 0 && !operations.some(replacesAll)) return false;
  const steps = { groupId: group.id, operations, resolved: await resolveMembers(batch, values) };
  await loadLinks(batch, steps);
  const wanted = foldOperations(batch, steps);
  const changes = listedChanges(batch, group.id, wanted);
  if (changes.length > 0) await settleMembers(batch, await listMembers(batch, changes));
  const pendingChanged = settlePending(batch.pending, group.id, wanted['unknown person']);
  return (
    settlePending(batch.pendingGroups, group.id, wanted['unknown group']) ||
    pendingChanged ||
    changes.length > 0
  );
}

/** @throws InvalidInputError when a value is too long to be kept; call it before anything is changed. */
export function checkMembers(values: readonly string[]): void {
  for (const value of values) checkKeyLength('members', value);
}

function replacesAll(step: MemberOperation): boolean {
  return step.op === 'remove_all' || step.op === 'replace';
}

async function loadLinks(batch: Batch, { groupId, operations, resolved }: Steps): Promise<void> {
  const { memberships, nested, pending, pendingGroups, head } = batch;
  if (operations.some(replacesAll)) {
    for (const links of [memberships, nested, pending, pendingGroups]) await links.loadGroup(groupId);
    return;
  }
  const members = [...resolved.values()].flatMap(({ asPerson, asGroup }) => [asPerson, asGroup]);
  const idsOf = (kind: Member['kind']): string[] =>
    members.filter((member) => member.kind === kind).map((member) => member.id);
  await memberships.loadPairs(groupId, idsOf('user'));
  await nested.loadPairs(groupId, idsOf('group'));
  const isSomebodyUnknown = members.some(({ kind }) => kind.startsWith('unknown'));
  if (!isSomebodyUnknown && !head.hasPendingMemberships) return;
  // A value can have become known since it was noted as pending, so look for both.
  for (const links of [pending, pendingGroups]) await links.loadPairs(groupId, [...resolved.keys()]);
}

function foldOperations(batch: Batch, { groupId, operations, resolved }: Steps): Wanted {
  const wanted: Wanted = {
    user: new Map(),
    group: new Map(),
    'unknown person': new Map(),
    'unknown group': new Map(),
  };
  const listed: [BatchLinks, Member['kind']][] = [
    [batch.memberships, 'user'],
    [batch.nested, 'group'],
    [batch.pending, 'unknown person'],
    [batch.pendingGroups, 'unknown group'],
  ];
  const clear = (): void => {
    for (const [links, kind] of listed) {
      for (const id of links.directMembersOf(groupId)) wanted[kind].set(id, false);
      for (const id of wanted[kind].keys()) wanted[kind].set(id, false);
    }
  };
  const set = (value: string, member: Member, present: boolean): void => {
    wanted[member.kind].set(member.id, present);
    if (member.kind === 'user' && batch.pending.has(groupId, value))
      wanted['unknown person'].set(value, false);
    if (member.kind === 'group' && batch.pendingGroups.has(groupId, value))
      wanted['unknown group'].set(value, false);
  };
  for (const step of operations) {
    if (replacesAll(step)) clear();
    if (step.op === 'remove_all') continue;
    const groups = new Set(step.groups);
    for (const value of step.values) {
      const { asPerson, asGroup } = resolved.get(value) as Resolved;
      // A removal often names a value alone, so it is meant whatever that stands for.
      const meant = step.op === 'remove' ? [asPerson, asGroup] : [groups.has(value) ? asGroup : asPerson];
      for (const member of meant) set(value, member, step.op !== 'remove');
    }
  }
  return wanted;
}

function listedChanges({ memberships, nested }: Batch, groupId: string, wanted: Wanted): ListedChange[] {
  const changes = (kind: 'user' | 'group', links: BatchLinks): ListedChange[] =>
    [...wanted[kind]]
      .filter(([member, listed]) => links.isDirect(groupId, member) !== listed)
      .map(([member, listed]) => ({ groupId, kind, member, listed }));
  return [...changes('user', memberships), ...changes('group', nested)];
}

function settlePending(pending: BatchLinks, groupId: string, wanted: ReadonlyMap<string, boolean>): boolean {
  let changed = false;
  for (const [value, present] of wanted) {
    if (pending.has(groupId, value) === present) continue;
    pending.set(groupId, value, present);
    changed = true;
  }
  return changed;
}

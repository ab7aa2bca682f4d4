import type { SnapshotRecord } from '#model';
import { decodeRecord } from '../../sdk/decode.js';
import type { OpenFiles } from './files/open-files.js';
import { operationOf } from './files/operation.js';
import { idIn, type Row, type SheetFile } from './text/read-rows.js';

/**
 * One row of the file of groups: the group, and that it is a member of another one. Of a group that is set aside the
 * row still says that; where it does not, no membership counts as missing.
 */
export function mapGroup(row: Row, file: SheetFile): readonly SnapshotRecord[] {
  const id = idIn(row, file, 'group_id');
  const at = `${file.name}, line ${row.line}: `;
  if (id === null || row.problem !== null) {
    const problem = at + (row.problem ?? '"group_id" is missing.');
    return [{ kind: 'invalid', of: 'group', id, problem }, unknownMembers(null, problem)];
  }
  const group = decodeRecord({ ...filled(row), id }, 'group', (fields) => ({
    kind: 'group',
    group: {
      sourceId: fields.text('id'),
      name: fields.text('group_name'),
      raw: fields.pick(['id', ...file.header.known]),
    },
  }));
  return [
    group.kind === 'invalid' ? { ...group, problem: at + group.problem } : group,
    ...membershipIn(row, id),
  ];
}

/** That a group is in the one that its row names. */
export function membershipIn({ cells }: Row, id: string): readonly SnapshotRecord[] {
  const parent = cells['parent_group_id'] ?? '';
  return parent === '' || parent === id
    ? []
    : [{ kind: 'members', groupId: parent, members: [{ id, kind: 'group' }] }];
}

/** One row of the file of memberships; nothing for people and groups that are in no other file. */
export function mapMembership(
  row: Row,
  file: SheetFile,
  known: Pick<OpenFiles, 'users' | 'groups'>,
): readonly SnapshotRecord[] {
  const [groupId, id] = [idIn(row, file, 'group_id'), idIn(row, file, 'idp_id')];
  const at = `${file.name}, line ${row.line}: `;
  if (row.problem !== null || groupId === null || id === null)
    return [unknownMembers(groupId, at + (row.problem ?? '"group_id" or "idp_id" is missing.'))];
  const operation = operationOf(row);
  if (operation === undefined) return [unknownMembers(groupId, `${at}"operation" has an unknown value.`)];
  if (operation === 'remove' || !isKnown(known, groupId, id)) return [];
  return [{ kind: 'members', groupId, members: [{ id, kind: 'user' }] }];
}

function isKnown(
  { users, groups }: Pick<OpenFiles, 'users' | 'groups'>,
  groupId: string,
  userId: string,
): boolean {
  return users?.has(userId) !== false && groups?.has(groupId) !== false;
}

/** Who is in a group, or in any if it is null, is not known; nobody leaves it for not being listed. */
export function unknownMembers(groupId: string | null, problem: string): SnapshotRecord {
  return { kind: 'invalid', of: 'membership', id: groupId, problem };
}

function filled({ cells }: Row): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''));
}

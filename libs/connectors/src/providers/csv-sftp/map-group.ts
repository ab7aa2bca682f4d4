import type { SnapshotRecord } from '#model';
import { decodeRecord } from '../../sdk/decode.js';
import type { OpenFiles } from './files/open-files.js';
import { isRemoval } from './files/operation.js';
import type { Row, SheetFile } from './text/read-rows.js';

/** One row of the file of groups: the group, and that it is a member of another one. */
export function mapGroup(row: Row, file: SheetFile): readonly SnapshotRecord[] {
  const id = row.cells['group_id'] ?? '';
  const parent = row.cells['parent_group_id'] ?? '';
  const group = decodeRecord({ ...filled(row), id }, 'group', (fields) => ({
    kind: 'group',
    group: {
      sourceId: fields.text('id'),
      name: fields.text('group_name'),
      raw: fields.pick(['id', ...file.header.known]),
    },
  }));
  if (group.kind === 'invalid')
    return [{ ...group, problem: `${file.name}, line ${row.line}: ${group.problem}` }];
  if (parent === '' || parent === id) return [group];
  return [group, { kind: 'members', groupId: parent, members: [{ id, kind: 'group' }] }];
}

/** One row of the file of memberships; nothing for people and groups that are in no other file. */
export function mapMembership(
  row: Row,
  { users, groups }: Pick<OpenFiles, 'users' | 'groups'>,
): readonly SnapshotRecord[] {
  const [groupId = '', id = ''] = [row.cells['group_id'], row.cells['idp_id']];
  const isKnown = users?.has(id) !== false && groups?.has(groupId) !== false && groupId !== '';
  if (!isKnown || id === '' || isRemoval(row)) return [];
  return [{ kind: 'members', groupId, members: [{ id, kind: 'user' }] }];
}

function filled({ cells }: Row): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''));
}

import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import { derivedGroupId } from '../../sdk/hr/derived-groups.js';

/** The group and its members. Members that are not told are not known: everybody stays in. */
export function mapDepartment(value: JsonValue, contractors: boolean): readonly SnapshotRecord[] {
  const found: { members?: readonly SnapshotMember[] } = {};
  const id = isJsonObject(value) && typeof value['uuid'] === 'string' ? value['uuid'] : null;
  const groupId = id === null ? null : derivedGroupId({ type: 'department', id, name: null });
  const record = decodeRecord(value, 'group', (department) => {
    const lists = contractors ? ['employees', 'contractors'] : ['employees'];
    const given = department.keys();
    if (lists.every((list) => given.includes(list)))
      found.members = lists.flatMap((list) => membersIn(department, list));
    return {
      kind: 'group',
      group: {
        sourceId: groupId ?? department.text('uuid'),
        name: department.text('title'),
        raw: { type: 'department', id: department.text('uuid') },
      },
    };
  });
  const group = record.kind === 'invalid' ? { ...record, id: groupId } : record;
  if (groupId === null || found.members === undefined)
    return [
      group,
      { kind: 'invalid', of: 'membership', id: groupId, problem: 'Gusto does not say who is in it.' },
    ];
  return [group, { kind: 'members', groupId, members: found.members }];
}

function membersIn(department: Fields, list: string): SnapshotMember[] {
  return department.objects(list).map((member) => ({ id: member.text('uuid'), kind: 'user' }));
}

import type { JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';

const RAW = ['id', 'name', 'description', 'reference'];

/** A role or a group. Of one that is set aside the members are not read, so they are not known either. */
export function mapGroup(value: JsonValue, idOf: (id: string) => string): readonly SnapshotRecord[] {
  const record = decodeRecord(value, 'group', (group) => ({
    kind: 'group',
    group: { sourceId: idOf(group.id('id')), name: group.text('name'), raw: group.pick(RAW) },
  }));
  if (record.kind !== 'invalid') return [record];
  const id = record.id === null ? null : idOf(record.id);
  return [
    { ...record, id },
    { ...record, id, of: 'membership' },
  ];
}

/**
 * Nobody for a user who is listed without having the role.
 * @throws Error of the decoder: a member without an id leaves the list unread.
 */
export function mapMember(value: JsonValue): readonly SnapshotMember[] {
  const user = new Fields(value as never);
  return user.boolean('assigned', true) ? [{ kind: 'user', id: user.id('id') }] : [];
}

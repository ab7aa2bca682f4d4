import type { JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';

const RAW = ['id', 'name', 'path', 'description', 'parentId', 'attributes'];

/**
 * The name alone, as Keycloak shows it; the path, which tells groups of the same name apart, is in `raw`. Of a group that
 * is set aside the members are not read, so they are not known either.
 */
export function mapGroup(value: JsonValue): readonly SnapshotRecord[] {
  const record = decodeRecord(value, 'group', (group) => ({
    kind: 'group',
    group: { sourceId: group.text('id'), name: group.text('name'), raw: group.pick(RAW) },
  }));
  return record.kind === 'invalid' ? [record, { ...record, of: 'membership' }] : [record];
}

/** @throws Error of the decoder: a member without an id leaves the list unread. */
export function mapMember(value: JsonValue): SnapshotMember {
  return { kind: 'user', id: new Fields(value as never).text('id') };
}

import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';

const RAW = ['id', 'email', 'name', 'description', 'aliases', 'adminCreated'];

export function mapGroup(value: JsonValue): SnapshotRecord {
  return decodeRecord(value, 'group', (group) => ({
    kind: 'group',
    group: {
      sourceId: group.id('id'),
      name: group.optionalText('name') ?? group.text('email'),
      raw: group.pick(RAW),
    },
  }));
}

/** `everyone` is all users of the account. Null for people outside of it, who have no record here. */
export function mapMember(value: JsonValue): SnapshotMember | 'everyone' | null {
  const member = new Fields(isJsonObject(value) ? value : {});
  const type = member.text('type');
  if (type === 'CUSTOMER') return 'everyone';
  if (type === 'USER') return { kind: 'user', id: member.id('id') };
  return type === 'GROUP' ? { kind: 'group', id: member.id('id') } : null;
}

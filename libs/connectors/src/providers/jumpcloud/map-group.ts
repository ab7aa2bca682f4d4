import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { AttributeError, decodeRecord } from '../../sdk/decode.js';

const RAW = ['id', 'name', 'description', 'email', 'type', 'membershipMethod', 'memberQuery', 'attributes'];

/** A dynamic group is a group like any other: JumpCloud computes its members and lists them. */
export function mapGroup(value: JsonValue): SnapshotRecord {
  return decodeRecord(value, 'group', (group) => ({
    kind: 'group',
    group: { sourceId: group.text('id'), name: group.text('name'), raw: group.pick(RAW) },
  }));
}

/**
 * The user at the end of an edge of the graph, `{to: {type, id}}`.
 * @throws AttributeError when it is none: the list is left unread, as without one member it would be read as if that one
 * had left
 */
export function mapMember(edge: JsonValue): SnapshotMember {
  const to = isJsonObject(edge) && isJsonObject(edge['to']) ? edge['to'] : {};
  const { type, id } = to;
  if (type === 'user' && typeof id === 'string' && id !== '') return { kind: 'user', id };
  throw new AttributeError('to', 'is not a user');
}

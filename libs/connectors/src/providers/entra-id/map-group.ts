import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotKind, SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';
import type { EntraConfig } from './config.js';

const RAW = [
  'id',
  'displayName',
  'description',
  'mail',
  'mailEnabled',
  'securityEnabled',
  'groupTypes',
  'visibility',
];

/** A group of a type that is not wanted is out of scope: it may have been read before the settings were changed. */
export function mapGroup(value: JsonValue, config: EntraConfig): SnapshotRecord {
  return decodeRecord(value, 'group', (group) => {
    const id = group.text('id');
    if (!isOfType(group, config)) return { kind: 'removed', of: 'group', id, reason: 'out_of_scope' };
    return {
      kind: 'group',
      group: { sourceId: id, name: group.text('displayName'), raw: group.pick(RAW) },
    };
  });
}

/** @throws AttributeError when what tells the types apart is not there: a group of no type is none of another one */
function isOfType(group: Fields, { groupFilter }: EntraConfig): boolean {
  if (groupFilter === 'all') return true;
  const isUnified = group.list('groupTypes').includes('Unified');
  return groupFilter === 'microsoft_365' ? isUnified : !isUnified && group.flag('securityEnabled');
}

/** Null for devices, service principals and contacts, which are no members to us. @throws AttributeError */
export function mapMember(value: JsonValue): SnapshotMember | null {
  const member = new Fields(isJsonObject(value) ? value : {});
  const kinds: Readonly<Record<string, SnapshotKind>> = {
    '#microsoft.graph.user': 'user',
    '#microsoft.graph.group': 'group',
  };
  const kind = getOwn(kinds, member.text('@odata.type'));
  return kind === undefined ? null : { kind, id: member.text('id') };
}

/** A group of a delta: its attributes, and those of its members that came or went. Slices of one group may come apart. */
export function mapGroupDelta(value: JsonValue, config: EntraConfig): readonly SnapshotRecord[] {
  const removal = mapRemoval(value, 'group');
  if (removal !== null) return [removal];
  // A further slice of a group has its members only.
  if (isSlice(value) && config.groupFilter === 'all') return memberChanges(value);
  const group = mapGroup(value, config);
  return group.kind === 'group' ? [group, ...memberChanges(value)] : [group];
}

/** Members of a group, without what the group is. */
export function isSlice(value: JsonValue): value is JsonObject {
  return isJsonObject(value) && (value['displayName'] ?? null) === null && 'members@delta' in value;
}

/** One member that cannot be read leaves the others of the group readable. */
function memberChanges(value: JsonValue): readonly SnapshotRecord[] {
  const group = isJsonObject(value) ? value : {};
  const changes = group['members@delta'] ?? [];
  const records = (Array.isArray(changes) ? changes : [null]).map((change) =>
    decodeRecord({ id: group['id'] ?? null, change }, 'membership', (fields) => {
      const groupId = fields.text('id');
      const member = mapMember(change);
      if (member === null) return { kind: 'members', groupId, members: [] };
      const isGone = isJsonObject(change) && (change['@removed'] ?? null) !== null;
      return isGone
        ? { kind: 'removed_member', groupId, member }
        : { kind: 'members', groupId, members: [member] };
    }),
  );
  return records.filter((record) => record.kind !== 'members' || record.members.length > 0);
}

/** `changed` can be restored for 30 days, `deleted` is gone for good (Graph, delta query). Null: not removed. */
export function mapRemoval(value: JsonValue, of: SnapshotKind): SnapshotRecord | null {
  const removed = isJsonObject(value) ? (value['@removed'] ?? null) : null;
  if (!isJsonObject(value) || removed === null) return null;
  const reason = isJsonObject(removed) ? removed['reason'] : undefined;
  return decodeRecord(value, of, (object) => ({
    kind: 'removed',
    of,
    id: object.text('id'),
    reason: reason === 'deleted' ? 'deleted' : 'soft_deleted',
  }));
}

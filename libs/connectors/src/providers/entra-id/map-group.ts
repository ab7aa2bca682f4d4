import { getOwn, isJsonObject, type JsonValue } from '#kernel';
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

/** Nothing for a group of a type that is not wanted. */
export function mapGroup(value: JsonValue, config: EntraConfig): readonly SnapshotRecord[] {
  let isWanted = true;
  const record = decodeRecord(value, 'group', (group) => {
    isWanted = isOfType(group, config);
    return {
      kind: 'group',
      group: { sourceId: group.text('id'), name: group.text('displayName'), raw: group.pick(RAW) },
    };
  });
  return isWanted ? [record] : [];
}

function isOfType(group: Fields, { groupFilter }: EntraConfig): boolean {
  const isUnified = group.texts('groupTypes').includes('Unified');
  if (groupFilter === 'microsoft_365') return isUnified;
  return groupFilter === 'all' || (group.boolean('securityEnabled', false) && !isUnified);
}

/** Null for devices, service principals and contacts, which are no members to us. */
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
  const isSlice = isJsonObject(value) && value['displayName'] === undefined && config.groupFilter === 'all';
  const group = isSlice ? [] : mapGroup(value, config);
  if (!isSlice && group[0]?.kind !== 'group') return group;
  return [...group, ...memberChanges(value)];
}

function memberChanges(value: JsonValue): readonly SnapshotRecord[] {
  const group = new Fields(isJsonObject(value) ? value : {});
  const groupId = group.text('id');
  const changes = isJsonObject(value) && Array.isArray(value['members@delta']) ? value['members@delta'] : [];
  return changes.flatMap((change): SnapshotRecord[] => {
    const member = mapMember(change);
    if (member === null) return [];
    const isGone = isJsonObject(change) && isJsonObject(change['@removed']);
    return [
      isGone ? { kind: 'removed_member', groupId, member } : { kind: 'members', groupId, members: [member] },
    ];
  });
}

/** `changed` can be restored for 30 days, `deleted` is gone for good (Graph, delta query). Null: not removed. */
export function mapRemoval(value: JsonValue, of: SnapshotKind): SnapshotRecord | null {
  const removed = isJsonObject(value) ? value['@removed'] : undefined;
  if (!isJsonObject(value) || !isJsonObject(removed)) return null;
  return decodeRecord(value, of, (object) => ({
    kind: 'removed',
    of,
    id: object.text('id'),
    reason: removed['reason'] === 'deleted' ? 'deleted' : 'soft_deleted',
  }));
}

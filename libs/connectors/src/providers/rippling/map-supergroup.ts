import type { JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';
import { isJsonObject } from '#kernel';

const PREFIX = 'supergroup:';
const RAW = ['id', 'name', 'display_name', 'group_type', 'sub_group_type', 'created_at', 'updated_at'];

/** Groups of all kinds share a directory, so each says what it is. */
export function supergroupId(id: string): string {
  return `${PREFIX}${id}`;
}

/** Rippling's id of a supergroup; null for groups of other kinds. */
export function supergroupIn(groupId: string): string | null {
  return groupId.startsWith(PREFIX) ? groupId.slice(PREFIX.length) : null;
}

/** None for those that Rippling keeps out of sight of its own admins. */
export function mapSupergroup(value: JsonValue): readonly SnapshotRecord[] {
  if (isJsonObject(value) && value['is_invisible'] === true) return [];
  const record = decodeRecord(value, 'group', (group) => {
    const id = group.text('id');
    const name = group.optionalText('display_name') ?? group.optionalText('name') ?? id;
    return {
      kind: 'group',
      group: { sourceId: supergroupId(id), name, raw: { type: 'supergroup', ...group.pick(RAW) } },
    };
  });
  return [
    record.kind === 'invalid' && record.id !== null ? { ...record, id: supergroupId(record.id) } : record,
  ];
}

/** Whether a supergroup was changed at or after an instant; one that does not say so was. */
export function isChangedSince(value: JsonValue, since: string): boolean {
  const at = isJsonObject(value) ? value['updated_at'] : undefined;
  const time = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return !(time < Date.parse(since));
}

/** Members who are no workers (accounts of services) are nobody whom we know. */
export function mapMember(value: JsonValue): readonly SnapshotMember[] {
  const id = isJsonObject(value) ? new Fields(value).optionalText('worker_id') : null;
  return id === null ? [] : [{ id, kind: 'user' }];
}

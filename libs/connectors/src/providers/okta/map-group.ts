import type { JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord, Fields } from '../../sdk/decode.js';
import type { OktaConfig } from './config.js';

const RAW = ['id', 'created', 'type', 'objectClass', 'profile'];

/** Nothing for a group of a type that is not wanted. */
export function mapGroup(value: JsonValue, config: OktaConfig): readonly SnapshotRecord[] {
  const record = decodeRecord(value, 'group', (group) => ({
    kind: 'group',
    group: {
      sourceId: group.text('id'),
      name: group.object('profile').text('name'),
      raw: group.pick(RAW),
    },
  }));
  return record.kind === 'group' && !isWanted(record.group.raw['type'], config) ? [] : [record];
}

function isWanted(type: JsonValue | undefined, config: OktaConfig): boolean {
  if (type === 'BUILT_IN') return config.builtInGroups;
  return type !== 'APP_GROUP' || config.appGroups;
}

/** Okta has no groups in groups. @throws Error of the decoder: a member without an id leaves the list unread. */
export function mapMember(value: JsonValue): SnapshotMember {
  return { kind: 'user', id: new Fields(value as never).text('id') };
}

/** The ids of what a log entry says was deleted. */
export function mapDeletion(value: JsonValue): readonly SnapshotRecord[] {
  const entry = new Fields(value as never);
  const kind = entry.optionalText('eventType') === 'group.lifecycle.delete' ? 'group' : 'user';
  const type = kind === 'user' ? 'User' : 'UserGroup';
  return entry
    .objects('target')
    .filter((target) => target.optionalText('type') === type)
    .map((target) => ({ kind: 'removed', of: kind, id: target.text('id'), reason: 'deleted' }));
}

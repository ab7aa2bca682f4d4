import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotKind, SnapshotMember, SnapshotRecord } from '#model';
import { AttributeError, decodeRecord, Fields } from '../../sdk/decode.js';
import type { OktaConfig } from './config.js';

const RAW = ['id', 'created', 'type', 'objectClass', 'profile'];

/** A group of a type that is not wanted is out of scope: it may have been read before the settings were changed. */
export function mapGroup(value: JsonValue, config: OktaConfig): SnapshotRecord {
  return decodeRecord(value, 'group', (group) => {
    const id = group.text('id');
    if (!isWanted(group.optionalText('type'), config))
      return { kind: 'removed', of: 'group', id, reason: 'out_of_scope' };
    return {
      kind: 'group',
      group: { sourceId: id, name: group.object('profile').text('name'), raw: group.pick(RAW) },
    };
  });
}

function isWanted(type: string | null, config: OktaConfig): boolean {
  if (type === 'BUILT_IN') return config.builtInGroups;
  return type !== 'APP_GROUP' || config.appGroups;
}

/** Okta has no groups in groups. @throws AttributeError: a member without an id leaves the list unread */
export function mapMember(value: JsonValue): SnapshotMember {
  return { kind: 'user', id: new Fields(isJsonObject(value) ? value : {}).text('id') };
}

/** What a log entry says was deleted. An entry also stands there for a deletion that failed. */
export function mapDeletion(value: JsonValue): readonly SnapshotRecord[] {
  const entry = new Fields(isJsonObject(value) ? value : {});
  try {
    const kind = entry.text('eventType') === 'group.lifecycle.delete' ? 'group' : 'user';
    const result = entry.object('outcome').optionalText('result') ?? 'SUCCESS';
    return result === 'SUCCESS' ? targetsOf(entry, kind) : [];
  } catch (error) {
    if (!(error instanceof AttributeError)) throw error;
    return [{ kind: 'invalid', of: 'user', id: null, problem: `A log entry: ${error.message}` }];
  }
}

function targetsOf(entry: Fields, kind: SnapshotKind): SnapshotRecord[] {
  const type = kind === 'user' ? 'User' : 'UserGroup';
  return entry
    .objects('target')
    .filter((target) => target.optionalText('type') === type)
    .map((target) => ({ kind: 'removed', of: kind, id: target.text('id'), reason: 'deleted' }));
}

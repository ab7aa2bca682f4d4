import type { SnapshotRecord } from '#model';
import { decodeRecord } from '../../sdk/decode.js';
import type { Dialect } from './dialect.js';
import { toObject } from './entry.js';
import type { LdapEntry } from './wire/answer.js';

export function mapGroup(entry: LdapEntry, dialect: Dialect): SnapshotRecord {
  const names = dialect.groupAttributes;
  return decodeRecord(toObject(entry, dialect, names), 'group', (group) => {
    const sourceId = group.text('id');
    const name = dialect.names.group_name.flatMap((attribute) => group.texts(attribute))[0];
    return {
      kind: 'group',
      group: { sourceId, name: name ?? entry.dn, raw: group.pick(['id', 'dn', ...names]) },
    };
  });
}

import { describe, expect, it } from '@jest/globals';
import { PresenceFilter, type AndFilter, type EqualityFilter, type OrFilter } from 'ldapts';
import { withIds } from './changes/read-anew.js';
import { dialectOf } from './dialect.js';
import { idOf } from './entry.js';

const GUID = Buffer.from('6b04adc653837a489b9b6ef366a38770', 'hex');
const SID = Buffer.from('01050000000000051500000001000000020000000300000088130000', 'hex');

describe('ids that the settings name', () => {
  const dialect = (id: string) =>
    dialectOf('active_directory', { userFilter: null, groupFilter: null, overrides: { id }, custom: {} });
  const read = (name: string, bytes: Buffer): string | null =>
    idOf(
      { dn: 'cn=ada', attributes: new Map([[name.toLowerCase(), [bytes]]]), controls: new Map() },
      dialect(name),
    );

  it.each([
    ['objectGUID', GUID, 'c6ad046b-8353-487a-9b9b-6ef366a38770'],
    ['mS-DS-ConsistencyGuid', GUID, 'c6ad046b-8353-487a-9b9b-6ef366a38770'],
    ['objectSid', SID, 'S-1-5-21-1-2-3-5000'],
    ['employeeID', Buffer.from('4711'), '4711'],
  ])('are read and searched for: %s', (name, bytes, text) => {
    expect(read(name, bytes)).toBe(text);
    const filter = withIds(new PresenceFilter({ attribute: 'objectClass' }), dialect(name), [text]);
    const [one] = ((filter as AndFilter).filters[1] as OrFilter).filters as EqualityFilter[];
    expect(Buffer.from(one?.value ?? '')).toEqual(bytes);
  });

  it('are unknown where they are bytes of another form', () => {
    expect(read('mS-DS-ConsistencyGuid', Buffer.from('short'))).toBeNull();
    expect(read('employeeID', Buffer.from([0xff, 0xfe, 0x01]))).toBeNull();
  });
});

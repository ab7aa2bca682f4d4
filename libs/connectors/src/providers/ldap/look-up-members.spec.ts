import { expect, it } from '@jest/globals';
import type { EntryPage, LdapClient, LdapSession, Search } from './client.js';
import { dialectOf } from './dialect.js';
import { lookUpMembers } from './look-up-members.js';
import type { LdapEntry } from './wire/answer.js';

const ADA = 'uid=ada,ou=people,dc=example,dc=test';
const named = (dn: string, id: string, uid?: string): LdapEntry => ({
  dn,
  attributes: new Map([
    ['entryuuid', [Buffer.from(id)]],
    ...(uid === undefined ? [] : ([['uid', [Buffer.from(uid)]]] as const)),
  ]),
  controls: new Map(),
});

it.each([`(member=${ADA})`, `(uniqueMember=${ADA})`, '(memberUid=ada)'])(
  'finds a member of a group by %s',
  async (comparison) => {
    const dialect = dialectOf('openldap', { userFilter: null, groupFilter: null, overrides: {}, custom: {} });
    const session = {
      dialect,
      userBases: ['ou=people'],
      groupBases: ['ou=groups'],
    } as unknown as LdapSession;
    const client = {
      session: async () => session,
      async *entries({ bases, filter }: Search): AsyncGenerator<EntryPage> {
        const isComparing = filter.toString().includes('(member=');
        const group = named('cn=kitchen', 'group-1');
        const groups = !isComparing || filter.toString().includes(comparison) ? [group] : [];
        const entries = bases[0] === 'ou=people' ? [named(ADA, 'user-1', 'ada')] : groups;
        yield { entries, references: [], isLast: true, cut: null };
      },
    } as unknown as LdapClient;
    const asked = { groupId: 'group-1', member: { kind: 'user', id: 'user-1' } } as const;
    expect([...(await lookUpMembers(client, [asked])).values()]).toEqual(['present']);
  },
);

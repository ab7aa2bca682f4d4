import { describe, expect, it } from '@jest/globals';
import type { EntryPage, LdapClient } from '../client.js';
import type { LdapEntry } from '../wire/answer.js';
import { changelogGap } from './retro-changelog.js';
import type { TrackerParts } from './tracker.js';

const CHANGE: LdapEntry = {
  dn: 'changenumber=9,cn=changelog',
  attributes: new Map([['targetuniqueid', [Buffer.from('1-2-3-4')]]]),
  controls: new Map(),
};
const COOKIE = Buffer.from('ldap.example.test:389#uid=reader:dc=test:(objectClass=*)#5');

/** The gap between a cookie of change 5 and a changelog from `first` on, with changes that tell no id. */
function gap(first: number, nameless: readonly LdapEntry[]): Promise<string | null> {
  const client = {
    search: async () => ({ entries: [CHANGE] }),
    async *entries(): AsyncGenerator<EntryPage> {
      yield { entries: nameless, references: [], isLast: true, cut: null };
    },
  } as unknown as LdapClient;
  const session = { dialect: { kind: '389ds' }, facts: { changelog: { first, last: 9 } } };
  return changelogGap({ client, session } as unknown as TrackerParts, COOKIE);
}

describe('the retro changelog of 389 DS since the last run', () => {
  it('has no gap when it reaches back and every change tells its id', async () => {
    expect(await gap(6, [])).toBeNull();
  });

  it('has one when it begins later', async () => {
    expect(await gap(7, [])).toMatch(/does not reach back/);
  });

  it('has one when a change does not tell its id, for that one would be lost without a word', async () => {
    expect(await gap(6, [CHANGE])).toMatch(/does not tell the id/);
  });
});

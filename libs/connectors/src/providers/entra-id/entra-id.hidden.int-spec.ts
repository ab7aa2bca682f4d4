import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  fakeEntraId as fake,
  lieAt,
  lieTo,
  withBody,
  type Lie,
  type LiedTo,
  type ToldAnswer,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import entra from './index.js';

describe('Entra ID that hides members', () => {
  let w: LiedTo;
  beforeEach(async () => {
    w = await lieTo(entra as Connector, fake, { users: 7, groups: 4, membersPerGroup: 2 });
  });
  afterEach(() => w.close());

  const hidden = fake.groupId(2);
  const ofHidden = (object: JsonObject): JsonObject =>
    object['id'] === hidden ? { ...object, visibility: 'HiddenMembership' } : object;

  /** As Graph tells an application that may not see hidden members. `of`: groups whose lists come empty. */
  const hiding =
    (...of: readonly string[]): Lie =>
    (url, answer): ToldAnswer => {
      // Then each thing is asked for by itself.
      if (url.pathname.endsWith('$batch')) return { ...answer, status: 404, body: {} };
      if (of.some((id) => url.pathname.endsWith(`${id}/members`))) return { ...answer, body: { value: [] } };
      if (url.pathname.endsWith('/groups'))
        return withBody((body) => ({ ...body, value: (body['value'] as JsonObject[]).map(ofHidden) }))(
          answer,
        );
      return /groups\/[^/]+$/.test(url.pathname) ? withBody(ofHidden)(answer) : answer;
    };

  const withRoles =
    (roles: readonly string[], lie: Lie): Lie =>
    (url, answer) => {
      if (!url.pathname.endsWith('/token')) return lie(url, answer);
      const claims = Buffer.from(JSON.stringify({ roles })).toString('base64url');
      return { ...answer, body: { access_token: `fake-graph-token.${claims}.x`, expires_in: 3599 } };
    };

  it('leaves those of such a group as they are, for its list is empty without a word', async () => {
    w.liar.tell(hiding(hidden));
    const { complete, invalid, members } = await w.read();
    expect([complete, members.size]).toEqual([true, 6]);
    expect(invalid).toMatchObject([
      { of: 'membership', id: hidden, problem: expect.stringContaining('Member.Read.Hidden') },
    ]);
  });

  it('reads those that are shown, and believes an empty list of any other group', async () => {
    w.liar.tell(hiding(fake.groupId(1)));
    const { complete, invalid, members } = await w.read();
    expect([complete, invalid, members.size]).toEqual([true, [], 6]);
  });

  it('warns of it when the connection is tested', async () => {
    w.liar.tell(hiding(hidden));
    const { warnings } = await w.ask((source) => source.check());
    expect(warnings).toEqual([expect.stringContaining('Member.Read.Hidden')]);
    w.liar.tell(hiding());
    expect((await w.ask((source) => source.check())).warnings).toEqual([]);
  });

  it.each([
    [['User.Read.All', 'Member.Read.Hidden'], []],
    [['User.Read.All'], [hidden]],
  ])('asks the token whether it may see them: %j', async (roles, unread) => {
    w.liar.tell(withRoles(roles, hiding(hidden)));
    const { invalid } = await w.read();
    expect(invalid.map(({ id }) => id)).toEqual(unread);
  });
});

describe('deleted users of Entra ID', () => {
  let w: LiedTo;
  beforeEach(async () => {
    w = await lieTo(entra as Connector, fake, { users: 7, groups: 1, membersPerGroup: 2 });
  });
  afterEach(() => w.close());

  const listing = (value: readonly JsonObject[]): Lie =>
    lieAt(/deletedItems/, (answer: ToldAnswer) => ({ ...answer, body: { value: [...value] } }));

  it('have a time of deletion: a list of everybody is none of them', async () => {
    w.liar.tell(listing([{ id: fake.userId(3) }, { id: fake.userId(4), deletedDateTime: null }]));
    expect(await w.read()).toMatchObject({ removed: [], complete: true });
  });

  it('who are users as well stay as long as Graph knows them', async () => {
    w.liar.tell(listing([{ id: fake.userId(3), deletedDateTime: '2026-03-01T00:00:00Z' }]));
    expect(await w.read()).toMatchObject({ removed: [], complete: true });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import {
  fakeOkta,
  fakeOktaApiToken as fake,
  lieAt,
  lieTo,
  type Lie,
  type LiedTo,
  type ReadResult,
  type ToldAnswer,
} from '#testing';
import type { Connector, SourceCheck } from '../../sdk/contract.js';
import okta from './index.js';

describe('Okta', () => {
  let w: LiedTo;
  beforeEach(async () => {
    w = await lieTo(okta as Connector, fake, { users: 7, groups: 3, membersPerGroup: 2 });
  });
  afterEach(() => w.close());

  const check = (answers: JsonObject = {}): Promise<SourceCheck> =>
    w.ask((source) => source.check(), answers);

  const without =
    (header: string) =>
    (answer: ToldAnswer): ToldAnswer => {
      const { [header]: _gone, ...headers } = answer.headers;
      return { ...answer, headers };
    };
  const refusal =
    (status: number, body: JsonObject, headers: Record<string, string> = {}) =>
    (answer: ToldAnswer): ToldAnswer => ({ status, body, headers: { ...answer.headers, ...headers } });

  it('begins five minutes before the first page of the last run, for what was being written then', async () => {
    const told: string[] = [];
    w.liar.tell((url, answer) => {
      if (url.pathname.endsWith('/users')) told.push(answer.headers['date'] ?? '');
      return answer;
    });
    const { cursors } = await w.read();
    const since = new Date(Date.parse(told[0] as string) - 300_000).toISOString();
    expect(['users', 'groups', 'memberships'].map((id) => cursors.get(id))).toEqual([since, since, since]);
  });

  describe('links', () => {
    it('follows one that is relative (RFC 8288, 3.1)', async () => {
      w.liar.tell((_url, answer) => {
        const link = answer.headers['link']?.replaceAll(w.liar.url, '');
        return link === undefined ? answer : { ...answer, headers: { ...answer.headers, link } };
      });
      const result = await w.read();
      expect(w.liar.told()).toBeGreaterThan(0);
      expect(result).toMatchObject({ complete: true, error: null });
      expect(result.users.size).toBe(7);
    });

    it.each(['no link', '<http://x.test>; rel="next'])(
      'takes a list whose header Link is %s for incomplete',
      async (link) => {
        w.liar.tell(lieAt(/users$/, (answer) => ({ ...answer, headers: { ...answer.headers, link } })));
        expect(await w.read()).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
      },
    );
  });

  it('reads an organization whose answers say no time, whole every time', async () => {
    w.liar.tell((_url, answer) => ({
      ...answer,
      headers: { ...without('date')(answer).headers, date: 'some day' },
    }));
    const result = await w.read();
    expect(result).toMatchObject({ complete: true, error: null });
    expect([...result.cursors.keys()]).toEqual(['removals']);
  });

  it.each([null, 7, {}])(
    'sets a group aside whose list has %j for a member, and no other',
    async (member) => {
      w.liar.tell(
        lieAt(new RegExp(`${fake.groupId(1)}/users`), (answer) => ({
          ...answer,
          body: [...(answer.body as JsonObject[]), member],
        })),
      );
      const result = await w.read();
      expect(result).toMatchObject({ complete: true, invalid: [{ of: 'membership', id: fake.groupId(1) }] });
      expect(result.members.size).toBe(4);
    },
  );

  it('states that groups of a type that is not wanted are out of scope', async () => {
    w.liar.tell(
      lieAt(/groups$/, (answer) => ({
        ...answer,
        body: (answer.body as JsonObject[]).map((group) =>
          group['id'] === fake.groupId(1) ? { ...group, type: 'APP_GROUP' } : group,
        ),
      })),
    );
    const { removed, groups } = await w.read({}, { app_groups: false });
    expect(removed).toContain(`group:${fake.groupId(1)} out_of_scope`);
    expect(groups.size).toBe(2);
  });

  describe('the System Log', () => {
    const incremental = async (): Promise<ReadResult> => {
      const { cursors } = await w.read();
      w.time.advance(3_600_000);
      w.tenant.remove('user', 4);
      w.tenant.remove('group', 2);
      return w.read({ mode: 'incremental', cursors });
    };
    const entries = (bend: (entry: JsonObject, index: number) => unknown): Lie =>
      lieAt(/logs$/, (answer) => ({
        ...answer,
        body: (answer.body as JsonObject[]).map(bend) as JsonObject[],
      }));

    it('tells of no deletion that failed', async () => {
      w.liar.tell(
        entries((entry, index) => ({
          ...entry,
          outcome: { result: index === 0 ? 'FAILURE' : 'SUCCESS' },
        })),
      );
      expect((await incremental()).removed).toEqual([`group:${fake.groupId(2)} deleted`]);
    });

    it.each([null, { eventType: 'user.lifecycle.delete.completed', target: [{ type: 'User' }] }])(
      'is read on after an entry that cannot be read: %j',
      async (broken) => {
        w.liar.tell(entries((entry, index) => (index === 0 ? broken : entry)));
        const result = await incremental();
        expect(result).toMatchObject({ complete: true, removed: [`group:${fake.groupId(2)} deleted`] });
        expect(result.invalid).toHaveLength(1);
      },
    );

    it.each([
      [403, 'E0000006'],
      [404, 'E0000022'],
      [400, 'E0000031'],
    ])('is no part of a connection to which it answers %i', async (status, errorCode) => {
      w.liar.tell(lieAt(/logs$/, refusal(status, { errorCode })));
      expect(await w.read()).toMatchObject({ complete: true, error: null });
      expect((await check()).warnings).toEqual([expect.stringContaining('okta.logs.read')]);
    });
  });

  describe('tokens of a service app', () => {
    const answers = (): JsonObject => ({ ...fakeOkta.answers(w.liar.url), auth_mode: 'private_key' });
    const token = (grant: (scope: string) => ToldAnswer): Lie => {
      const scopes: string[] = [];
      return (url, answer) => {
        if (url.pathname !== '/oauth2/v1/token') return answer;
        scopes.push('asked');
        return grant(scopes.length === 1 ? 'all' : 'needed');
      };
    };
    const granted: ToldAnswer = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { access_token: 'fake-okta-token-1', token_type: 'Bearer', expires_in: 3600 },
    };

    it.each(['use_dpop_nonce', 'invalid_dpop_proof'])('names DPoP when the answer is %s', async (error) => {
      w.liar.tell(token(() => ({ ...granted, status: 400, body: { error } })));
      await expect(check(answers())).rejects.toMatchObject({
        code: 'config_error',
        message: expect.stringContaining('Proof of Possession'),
      });
    });

    it.each(['invalid_scope', 'consent_required', 'access_denied'])(
      'does without the log when %s says that a scope was not granted',
      async (error) => {
        w.liar.tell(
          token((scope) => (scope === 'all' ? { ...granted, status: 400, body: { error } } : granted)),
        );
        expect(await check(answers())).toMatchObject({ users: null });
      },
    );

    it('names the scopes when not even the needed ones were granted', async () => {
      w.liar.tell(token(() => ({ ...granted, status: 400, body: { error: 'consent_required' } })));
      await expect(check(answers())).rejects.toMatchObject({
        code: 'insufficient_permissions',
        message: expect.stringContaining('okta.users.read, okta.groups.read'),
      });
    });
  });

  it.each([
    [/users$/, 'okta.users.read'],
    [/groups$/, 'okta.groups.read'],
  ])('names the scope that %s needs', async (path, scope) => {
    w.liar.tell(lieAt(path, refusal(403, { errorCode: 'E0000006' })));
    await expect(check()).rejects.toMatchObject({
      code: 'insufficient_permissions',
      message: expect.stringMatching(new RegExp(`${scope}.*Read-Only Administrator`)),
    });
  });
});

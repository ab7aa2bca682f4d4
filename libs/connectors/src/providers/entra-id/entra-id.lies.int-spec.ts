import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import {
  fakeEntraId as fake,
  lieAt,
  lieTo,
  withBody,
  type Lie,
  type LiedTo,
  type ReadResult,
  type ToldAnswer,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import entra from './index.js';

describe('Entra ID that answers oddly', () => {
  let w: LiedTo;
  beforeEach(async () => {
    w = await lieTo(entra as Connector, fake, { users: 7, groups: 4, membersPerGroup: 2 });
  });
  afterEach(() => w.close());

  const incremental = async (change: () => void, answers: JsonObject = {}): Promise<ReadResult> => {
    const { cursors } = await w.read({}, answers);
    change();
    return w.read({ mode: 'incremental', cursors }, answers);
  };

  const items = (bend: (item: JsonObject) => JsonObject): ((answer: ToldAnswer) => ToldAnswer) =>
    withBody((body) => ({ ...body, value: (body['value'] as JsonObject[]).map(bend) }));
  const parts = (bend: (part: JsonObject) => JsonObject): Lie =>
    lieAt(
      /batch$/,
      withBody((body) => ({ ...body, responses: (body['responses'] as JsonObject[]).map(bend) })),
    );
  const refusal =
    (status: number, code = 'Refused') =>
    (answer: ToldAnswer): ToldAnswer => ({ ...answer, status, body: { error: { code } } });

  const expectAll = ({ complete, error, users, groups, members }: ReadResult): void =>
    expect([complete, error, users.size, groups.size, members.size]).toEqual([true, null, 7, 4, 8]);

  it('follows links that are relative (OData JSON 4.01, 4.5)', async () => {
    w.liar.tell(
      lieAt(
        /v1\.0\/\w+$/,
        withBody((body) => JSON.parse(JSON.stringify(body).replaceAll(w.liar.url, '')) as JsonObject),
      ),
    );
    expectAll(await w.read());
    expect(w.liar.told()).toBeGreaterThan(0);
  });

  it.each([7, true, {}, ['x']])('takes a list for incomplete whose next link is %j', async (link) => {
    w.liar.tell(
      lieAt(
        /users$/,
        withBody((body) => ({ ...body, '@odata.nextLink': link as JsonValue })),
      ),
    );
    expect(await w.read()).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
  });

  it('knows an object by its id in whatever letter case', async () => {
    w.liar.tell(
      lieAt(
        /(users|members|batch)$/,
        withBody(
          (body) => JSON.parse(JSON.stringify(body).replaceAll(/aaaaaaaa/g, 'AAAAAAAA')) as JsonObject,
        ),
      ),
    );
    const result = await w.read();
    expectAll(result);
    expect([...result.users.keys()]).toContain(fake.userId(0));
    expect([...result.members].join()).not.toContain('AAAA');
  });

  it('says that guests who are not wanted are out of scope, whatever they were before', async () => {
    w.liar.tell(
      lieAt(
        /users$/,
        items((user) => (user['id'] === fake.userId(2) ? { ...user, userType: 'Guest' } : user)),
      ),
    );
    const { users, removed } = await w.read();
    expect(removed).toEqual([`user:${fake.userId(2)} out_of_scope`]);
    expect(users.size).toBe(6);
  });

  describe('deltas', () => {
    it.each([
      [['id', 'jobTitle']],
      [['id', 'jobTitle', 'userPrincipalName']],
      [['id', 'jobTitle', 'accountEnabled']],
    ])('of a user that show only what changed (%j) leave the rest as it is', async (shown) => {
      w.tenant.change(3, { state: 'suspended' });
      const part = (user: JsonObject): JsonObject =>
        Object.fromEntries(Object.entries(user).filter(([name]) => shown.includes(name)));
      w.liar.tell(lieAt(/users\/delta$/, items(part)));
      const { users } = await incremental(() => w.tenant.change(3, { title: 'Chair' }));
      expect([...users.values()]).toMatchObject([
        { sourceId: fake.userId(3), active: false, jobTitle: 'Chair', userName: 'person3@example.com' },
      ]);
    });

    it('of somebody who is gone meanwhile say nothing of them', async () => {
      w.liar.tell(
        lieAt(
          /users\/delta$/,
          items(({ id }) => ({ id }) as JsonObject),
        ),
      );
      const result = await incremental(() => w.tenant.remove('user', 3));
      expect([result.users.size, result.removed, result.complete]).toEqual([0, [], true]);
    });

    it.each(['all', 'security'])(
      'of members alone count, where %s groups are wanted',
      async (group_filter) => {
        w.liar.tell(
          lieAt(
            /groups\/delta$/,
            items((group) => ({ id: group['id'], 'members@delta': group['members@delta'] }) as JsonObject),
          ),
        );
        const change = (): void => w.tenant.addMember(1, { kind: 'user', index: 5 });
        const { members } = await incremental(change, { group_filter });
        expect([...members]).toEqual([`${fake.groupId(1)} > user:${fake.userId(5)}`]);
      },
    );

    it.each([
      [400, 'Request_UnsupportedQuery'],
      [403, 'Authorization_RequestDenied'],
      [404, 'Request_ResourceNotFound'],
      [501, 'NotImplemented'],
    ])('that are refused with %i leave a full run whole', async (status, code) => {
      w.liar.tell(lieAt(/delta$/, refusal(status, code)));
      const result = await w.read();
      expectAll(result);
      expect(result.cursors.size).toBe(0);
    });

    it('that begin with everything there is, are read to the link of now', async () => {
      w.liar.tell((url, answer) => {
        if (!url.searchParams.has('$deltatoken') || !/users\/delta/.test(url.pathname)) return answer;
        const link = (answer.body as JsonObject)['@odata.deltaLink'] as string;
        if (link === undefined || url.searchParams.get('$deltatoken') !== 'latest') return answer;
        return { ...answer, body: { value: [], '@odata.nextLink': link } };
      });
      const result = await w.read();
      expectAll(result);
      expect(result.cursors.size).toBe(2);
    });
  });

  describe('batches', () => {
    it('that are not taken cost more requests, and nothing else', async () => {
      w.liar.tell(lieAt(/batch$/, refusal(404)));
      expectAll(await w.read());
    });

    it.each([
      ['is an error with status 200', (part: JsonObject) => ({ ...part, body: { error: { code: 'x' } } })],
      ['is missing', ({ id: _id, ...part }: JsonObject) => part],
      ['was throttled', (part: JsonObject) => ({ ...part, status: 429, body: {} })],
    ])('whose part %s have that asked for by itself', async (_what, bend) => {
      w.liar.tell(parts((part) => (part['id'] === '1' ? bend(part) : part)));
      expectAll(await w.read());
    });
  });

  describe('look-ups', () => {
    const lookUp = (): Promise<ReadonlyMap<string, string> | undefined> =>
      w.ask(async (source) => source.lookUp?.('user', [fake.userId(3), fake.userId(4)]));

    it.each([429, 500])('whose part failed with %i are asked again', async (status) => {
      w.tenant.remove('user', 4);
      w.liar.tell(parts((part) => ({ ...part, status, body: {} })));
      expect([...((await lookUp()) ?? [])]).toEqual([
        [fake.userId(3), 'present'],
        [fake.userId(4), 'gone'],
      ]);
    });

    it('that are refused prove nothing', async () => {
      w.liar.tell((url, answer) => {
        if (url.pathname.endsWith('batch'))
          return parts((part) => ({ ...part, status: 403, body: {} }))(url, answer);
        return /users\/./.test(url.pathname) ? refusal(403)(answer) : answer;
      });
      expect([...((await lookUp()) ?? [])]).toEqual([
        [fake.userId(3), 'unanswered'],
        [fake.userId(4), 'unanswered'],
      ]);
    });
  });

  it.each([
    [/users$/, 'User.Read.All'],
    [/groups$/, 'GroupMember.Read.All'],
  ])('names the permission that %s needs', async (path, permission) => {
    w.liar.tell(lieAt(path, refusal(403, 'Authorization_RequestDenied')));
    await expect(w.ask((source) => source.check())).rejects.toMatchObject({
      code: 'insufficient_permissions',
      message: expect.stringContaining(`${permission} and grant admin consent`),
    });
  });

  it.each([
    [{ error_codes: [700024] }, 'invalid_credentials', 'clock'],
    [{ error_description: 'AADSTS90002: Tenant not found.' }, 'not_found_tenant', 'no such tenant'],
    [{ error_codes: [900023] }, 'not_found_tenant', 'neither an ID nor a domain name'],
    [{ error_codes: [53003] }, 'insufficient_permissions', 'Conditional Access'],
  ])('explains %j', async (body, code, text) => {
    w.liar.tell(lieAt(/token$/, (answer) => ({ ...answer, status: 400, body: { error: 'x', ...body } })));
    await expect(w.ask((source) => source.check())).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import { fakeGoogleWorkspace as fake, lieAt, lieTo, withBody, type LiedTo, type ToldAnswer } from '#testing';
import type { Connector } from '../../sdk/contract.js';
import google from './index.js';

describe('Google Workspace that answers oddly', () => {
  let w: LiedTo;
  beforeEach(async () => {
    w = await lieTo(google as Connector, fake, { users: 7, groups: 4, membersPerGroup: 2 });
  });
  afterEach(() => w.close());

  const refusal =
    (status: number, error: JsonValue, headers: Record<string, string> = {}) =>
    (answer: ToldAnswer): ToldAnswer => ({
      status,
      body: { error },
      headers: { ...answer.headers, ...headers },
    });

  it.each([7, true, {}])('takes a list for incomplete whose next page token is %j', async (token) => {
    w.liar.tell(
      lieAt(
        /users$/,
        withBody((body) => ({ ...body, nextPageToken: token as JsonValue })),
      ),
    );
    expect(await w.read()).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
  });

  it('takes null for the empty list that it is otherwise left out for', async () => {
    w.liar.tell(
      lieAt(
        /members$/,
        withBody(({ kind }) => ({ kind: kind ?? null, members: null })),
      ),
    );
    expect(await w.read()).toMatchObject({ complete: true, error: null });
  });

  it.each<[string, JsonValue]>([
    ['an old reason', { errors: [{ reason: 'dailyLimitExceeded' }] }],
    ['a reason that is not the first', { errors: [{ reason: 'forbidden' }, { reason: 'quotaExceeded' }] }],
    ['a new status', { status: 'RESOURCE_EXHAUSTED' }],
    ['a new reason', { status: 'PERMISSION_DENIED', details: [{ reason: 'RATE_LIMIT_EXCEEDED' }] }],
  ])('waits as long as it is told with a 403 that means a quota by %s', async (_what, error) => {
    let left = 1;
    w.liar.tell((url, answer) =>
      url.pathname.endsWith('/users') && left-- > 0
        ? refusal(403, error, { 'retry-after': '77' })(answer)
        : answer,
    );
    expect(await w.read()).toMatchObject({ complete: true, error: null });
    expect(w.time.slept).toContain(77_000);
  });

  it.each([
    [/users$/, 'Users › Read', 'admin.directory.user.readonly'],
    [/groups$/, 'Groups › Read', 'admin.directory.group.readonly'],
  ])('names privilege and scope that %s needs', async (path, privilege, scope) => {
    w.liar.tell(lieAt(path, refusal(403, { errors: [{ reason: 'forbidden' }] })));
    await expect(w.ask((source) => source.check())).rejects.toMatchObject({
      code: 'insufficient_permissions',
      message: expect.stringMatching(new RegExp(`${privilege}.*${scope}`)),
    });
  });

  it.each([
    [{ status: 'PERMISSION_DENIED', details: [{ reason: 'SERVICE_DISABLED' }] }, 'not enabled'],
    [{ errors: [{ reason: 'domainCannotUseApis' }] }, 'no API access'],
  ])('says what %j means', async (error, text) => {
    w.liar.tell(lieAt(/users$/, refusal(403, error)));
    await expect(w.ask((source) => source.check())).rejects.toMatchObject({
      message: expect.stringContaining(text),
    });
  });

  it('names the scopes that a delegation lacks', async () => {
    w.liar.tell(
      lieAt(/token$/, (answer) => ({ ...answer, status: 401, body: { error: 'unauthorized_client' } })),
    );
    await expect(w.ask((source) => source.check())).rejects.toMatchObject({
      message: expect.stringContaining('admin.directory.group.member.readonly'),
    });
  });

  it.each([
    ['example.com', 'present'],
    ['EXAMPLE.COM', 'present'],
    ['example.org', undefined],
  ])('does not say of people of example.com that they are in %s', async (domain, expected) => {
    const found = await w.ask(async (source) => source.lookUp?.('user', [fake.userId(3)]), { domain });
    expect(found?.get(fake.userId(3))).toBe(expected);
  });

  describe('who is listed as deleted', () => {
    const deleted = (bend: (answer: ToldAnswer) => ToldAnswer, single = bend): void =>
      w.liar.tell((url, answer) => {
        if (url.searchParams.has('showDeleted')) return bend(answer);
        return url.pathname.endsWith(fake.userId(3)) ? single(answer) : answer;
      });
    const naming = (users: JsonValue): ((answer: ToldAnswer) => ToldAnswer) =>
      withBody((body) => ({ ...body, users }));
    const three = { id: fake.userId(3), deletionTime: '2026-03-01T00:00:00.000Z' };

    it('is believed with a time of deletion only: a list of everybody is none of deleted users', async () => {
      deleted(naming([{ id: fake.userId(3) }, { id: fake.userId(4), deletionTime: null }]));
      expect(await w.read()).toMatchObject({ removed: [], complete: true });
    });

    it('and as a user stays as long as Google knows them', async () => {
      deleted(naming([three]), (answer) => answer);
      expect(await w.read()).toMatchObject({ removed: [], complete: true });
    });

    it('and as a user is gone when Google denies them', async () => {
      deleted(naming([three]), refusal(404, { errors: [{ reason: 'notFound' }] }));
      expect((await w.read()).removed).toEqual([`user:${fake.userId(3)} deleted`]);
    });
  });

  it('understands "not found" in the newer form of errors', async () => {
    const gone = { code: 404, message: 'Resource Not Found: groupKey', status: 'NOT_FOUND' };
    w.liar.tell(lieAt(new RegExp(`${fake.groupId(0)}/members$`), refusal(404, gone)));
    const { complete, invalid } = await w.read();
    expect([complete, invalid.map(({ id }) => id)]).toEqual([true, [fake.groupId(0)]]);
  });

  it('takes nobody for gone because a domain is not found', async () => {
    const error = { errors: [{ reason: 'notFound', message: 'Domain not found.' }] };
    w.liar.tell(lieAt(/users\/./, refusal(404, error)));
    const found = await w.ask(async (source) => source.lookUp?.('user', [fake.userId(3)]));
    expect([...(found ?? [])]).toEqual([]);
  });

  it.each([
    [400, { errors: [{ reason: 'badRequest', message: 'Bad Request' }] }],
    [404, { errors: [{ reason: 'notFound', message: 'Domain not found.' }] }],
  ])('says what to check when a list is refused with %i', async (status, error) => {
    w.liar.tell(lieAt(/users$/, refusal(status, error)));
    await expect(w.ask((source) => source.check())).rejects.toMatchObject({
      code: 'not_found_tenant',
      message: expect.stringMatching(/customer ID.*domain.*admin/),
    });
  });

  it('shows and counts in a connection test those of the chosen units, on whichever page they are', async () => {
    const unit = (user: JsonValue): JsonValue => ({
      ...(user as JsonObject),
      orgUnitPath: (user as JsonObject)['id'] === fake.userId(5) ? '/Sales/East' : '/Other',
    });
    w.liar.tell(
      lieAt(
        /users$/,
        withBody((body) => ({ ...body, users: (body['users'] as JsonValue[]).map(unit) })),
      ),
    );
    const found = await w.ask((source) => source.check(), { org_units: ['/Sales'] });
    expect(found.users).toBe(1);
    expect(found.samples).toMatchObject([{ user: { sourceId: fake.userId(5) } }, {}, {}, {}]);
  });

  it('names the scope for members when consent has left it out', async () => {
    w.liar.tell(lieAt(/members$/, refusal(403, { errors: [{ reason: 'insufficientPermissions' }] })));
    await expect(w.ask((source) => source.check())).rejects.toMatchObject({
      code: 'insufficient_permissions',
      message: expect.stringContaining('admin.directory.group.member.readonly'),
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';
import {
  fillDirectory,
  untilFeedShows,
  SDK_VERSIONS,
  type FilledDirectory,
  type Sdk,
} from './sdk-support.js';

const DSYNC = [
  'dsync.activated',
  'dsync.user.created',
  'dsync.group.created',
  'dsync.group.user_added',
] as const;

let rollcall: RunningRollcall;

beforeAll(async () => {
  rollcall = await startRollcall();
});
afterAll(() => rollcall.stop());

describe.each(SDK_VERSIONS)('official SDK %s', (version, connect) => {
  let sdk: Sdk;
  let filled: FilledDirectory;

  beforeAll(async () => {
    sdk = connect(rollcall);
    filled = await fillDirectory(rollcall, `acme${version}`);
  });

  describe('directory sync', () => {
    it('lists and reads directories', async () => {
      const list = await sdk.directorySync.listDirectories({ organizationId: filled.organizationId });
      expect(list.data).toMatchObject([
        {
          object: 'directory',
          id: filled.directoryId,
          organizationId: filled.organizationId,
          type: 'generic scim v2.0',
          state: 'active',
          domain: `acme${version}.test`,
        },
      ]);
      expect(await sdk.directorySync.getDirectory(filled.directoryId)).toMatchObject({
        id: filled.directoryId,
      });
    });

    it('lists users with their groups, inactive ones too', async () => {
      const { data } = await sdk.directorySync.listUsers({ directory: filled.directoryId, order: 'asc' });
      expect(data.map((user) => [user.email, user.state, user.idpId])).toEqual([
        ['ada@people.test', 'active', 'ext-ada'],
        ['bob@people.test', 'active', 'ext-bob'],
        ['cleo@people.test', 'inactive', 'ext-cleo'],
      ]);
      expect(data.map((user) => user.groups.map((group) => group.name))).toEqual([
        ['Engineering'],
        ['Engineering'],
        [],
      ]);
    });

    it('reads a user, a group and who is in it', async () => {
      const { data } = await sdk.directorySync.listGroups({ directory: filled.directoryId });
      const [group] = data;
      expect(group).toMatchObject({ name: 'Engineering', idpId: 'g-1', directoryId: filled.directoryId });
      const members = await sdk.directorySync.listUsers({ group: String(group?.id) });
      expect(
        members.data.map((user) => user.firstName).toSorted((a, b) => String(a).localeCompare(String(b))),
      ).toEqual(['ada', 'bob']);
      const user = await sdk.directorySync.getUser(String(members.data[0]?.id));
      expect(user).toMatchObject({ object: 'directory_user', directoryId: filled.directoryId });
      const groups = await sdk.directorySync.listGroups({ user: user.id });
      expect(groups.data.map((item) => item.id)).toEqual([group?.id]);
      expect(await sdk.directorySync.getGroup(String(group?.id))).toMatchObject({ id: group?.id });
    });

    it('pages to the end, by hand and automatically', async () => {
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const page = await sdk.directorySync.listUsers({
          directory: filled.directoryId,
          limit: 2,
          ...(after === undefined ? {} : { after }),
        });
        ids.push(...page.data.map((user) => user.id));
        after = page.listMetadata.after ?? undefined;
      } while (after !== undefined);
      const all = await (
        await sdk.directorySync.listUsers({ directory: filled.directoryId })
      ).autoPagination();
      expect(all.map((user) => user.id)).toEqual(ids);
      expect(new Set(ids).size).toBe(3);
    });
  });

  describe('events', () => {
    it('come in order, page by page, and the last page ends', async () => {
      const names: string[] = [];
      let after: string | undefined;
      let pages = 0;
      do {
        const page = await sdk.events.listEvents({
          events: [...DSYNC],
          organizationId: filled.organizationId,
          limit: 3,
          ...(after === undefined ? {} : { after }),
        });
        names.push(...page.data.map((event) => event.event));
        after = page.listMetadata.after ?? undefined;
        pages += 1;
      } while (after !== undefined);
      expect(names).toEqual([
        'dsync.activated',
        'dsync.user.created',
        'dsync.user.created',
        'dsync.user.created',
        'dsync.group.created',
        'dsync.group.user_added',
        'dsync.group.user_added',
      ]);
      expect(pages).toBe(3);
    });

    it('are deserialized like the lists', async () => {
      const { data } = await sdk.events.listEvents({
        events: ['dsync.user.created'],
        organizationId: filled.organizationId,
        limit: 1,
      });
      expect(data).toMatchObject([
        {
          event: 'dsync.user.created',
          data: { object: 'directory_user', email: 'ada@people.test', idpId: 'ext-ada' },
        },
      ]);
    });
  });

  describe('organizations', () => {
    it('live from creation to deletion', async () => {
      // Version 8 puts a slash into the address as it is.
      const externalId = version === '8' ? 'crm 8' : 'crm/11 7';
      const created = await sdk.organizations.createOrganization({
        name: `Lives ${version}`,
        externalId,
        metadata: { plan: 'pro', seats: '5' },
      });
      expect(created).toMatchObject({
        object: 'organization',
        externalId,
        metadata: { plan: 'pro' },
        domains: [],
      });
      expect(await sdk.organizations.getOrganization(created.id)).toEqual(created);
      expect(await sdk.organizations.getOrganizationByExternalId(externalId)).toEqual(created);
      const updated = await sdk.organizations.updateOrganization({
        organization: created.id,
        name: `Lived ${version}`,
        domainData: [{ domain: `lives${version}.test`, state: 'pending' as never }],
        externalId: null,
        metadata: { plan: null as never },
      });
      expect(updated).toMatchObject({ name: `Lived ${version}`, externalId: null, metadata: { seats: '5' } });
      const found = await sdk.organizations.listOrganizations({
        domains: [`lives${version}.test`, 'nobody.test'],
      });
      expect(found.data.map((organization) => organization.id)).toEqual([created.id]);
      await expect(sdk.organizations.deleteOrganization(created.id)).resolves.toBeUndefined();
      await expect(sdk.organizations.getOrganization(created.id)).rejects.toMatchObject({ status: 404 });
    });

    it('are created once per idempotency key', async () => {
      const options = { idempotencyKey: `once-${version}` };
      const [first, second] = await Promise.all([
        sdk.organizations.createOrganization({ name: `Once ${version}` }, options),
        sdk.organizations.createOrganization({ name: `Once ${version}` }, options),
      ]);
      expect(second).toEqual(first);
      await expect(
        sdk.organizations.createOrganization({ name: `Twice ${version}` }, options),
      ).rejects.toMatchObject({ status: 400, message: expect.stringContaining(`once-${version}`) });
    });
  });

  describe('errors', () => {
    it('are the exceptions that callers catch', async () => {
      await expect(sdk.directorySync.getDirectory('directory_x')).rejects.toMatchObject({
        name: 'NotFoundException',
        code: 'entity_not_found',
        message: "Directory not found: 'directory_x'.",
      });
      await expect(sdk.directorySync.listUsers({})).rejects.toMatchObject({
        name: 'UnprocessableEntityException',
        message: expect.stringContaining('directory is required when group is not given.'),
      });
      await expect(sdk.events.listEvents({ events: [] })).rejects.toMatchObject({
        status: 400,
        // Version 8 reads the code only beside `errors`.
        ...(version === '8' ? {} : { code: 'invalid_events_request' }),
      });
      await expect(
        sdk.organizations.createOrganization({
          name: 'Taken',
          domainData: [{ domain: `acme${version}.test`, state: 'pending' as never }],
        }),
      ).rejects.toMatchObject({ name: 'ConflictException' });
    });

    it('of a wrong key are UnauthorizedException', async () => {
      const stranger = connect({ ...rollcall, apiKey: 'sk_wrong' });
      await expect(stranger.directorySync.listDirectories()).rejects.toMatchObject({
        name: 'UnauthorizedException',
      });
    });
  });

  it('deletes a directory, after which nothing of it can be read', async () => {
    const { data } = await sdk.directorySync.listUsers({ directory: filled.directoryId, limit: 1 });
    await expect(sdk.directorySync.deleteDirectory(filled.directoryId)).resolves.toBeUndefined();
    await expect(sdk.directorySync.getDirectory(filled.directoryId)).rejects.toMatchObject({ status: 404 });
    await expect(sdk.directorySync.getUser(String(data[0]?.id))).rejects.toMatchObject({ status: 404 });
    await untilFeedShows(rollcall, `organization_id=${filled.organizationId}&events=dsync.deleted`, 1);
    const { data: deleted } = await sdk.events.listEvents({
      events: ['dsync.deleted', 'dsync.user.deleted', 'dsync.group.deleted'],
      organizationId: filled.organizationId,
    });
    expect(deleted.map((event) => event.event)).toEqual(['dsync.deleted']);
  });
});

import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember } from '#model';
import type { RunRequest, SourcePage, SourceStream } from '../../sdk/contract.js';
import { mapParallel } from '../../sdk/map-parallel.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { readOffsetPage } from '../../sdk/offset-pages.js';
import { pagedStream, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { KeycloakClient } from './client.js';
import type { KeycloakConfig } from './config.js';
import { Federations } from './federations.js';
import { manifest } from './manifest.js';
import { mapGroup, mapMember } from './map-group.js';
import { mapUser } from './map-user.js';

export interface KeycloakParts {
  readonly client: KeycloakClient;
  readonly config: KeycloakConfig;
  readonly ports: SourcePorts;
}

const PROOF = 'Nothing follows the last one, each page was joined to the one before, and nobody is hidden.';
const MOST_LEVELS = 100;

export function keycloakStreams(parts: KeycloakParts, run: RunRequest): readonly SourceStream[] {
  const { client } = parts;
  const federations = new Federations(run.previous?.get('users'), {
    isGone: (federation) => client.isFederationGone(federation),
    isEnabled: (userId) => client.isEnabled(userId),
  });
  const [people, members] = [users(parts), memberships(parts)];
  return [
    { ...people, pages: (from: JsonValue | null) => federations.watchPeople(people, from) },
    groups(parts),
    { ...members, pages: (from: JsonValue | null) => federations.watchMemberships(members, from) },
  ].map((stream) => seeingAll(stream, client));
}

/** Memberships are not all known either while a federation is away that people come from. */
function users({ client, config }: KeycloakParts): SourceStream {
  const listing = client.users();
  return pagedStream({
    id: 'users',
    covers: ['users', 'memberships'],
    fetch: async (token) => {
      const { items, next } = await readOffsetPage(listing, token);
      // A listing that shows fewer than are counted proves no absence; one that shows more is of no concern.
      return next === null ? { items, next, total: await client.countUsers() } : { items, next };
    },
    map: (item) => mapUser(item, config.attributes),
    proof: PROOF,
  });
}

/** Memberships are read group by group, so they are not all known either when groups are not. */
function groups({ client }: KeycloakParts): SourceStream {
  const listing = client.topGroups();
  return pagedStream({
    id: 'groups',
    covers: ['groups', 'memberships'],
    fetch: async (token): Promise<VendorPage> => {
      const { items, next } = await readOffsetPage(listing, token);
      const found: JsonValue[] = [];
      const below = mapParallel(items, manifest.limits.concurrency, (item) => withSubgroups(client, item));
      for await (const tree of below) found.push(...tree);
      return { items: found, next };
    },
    map: mapGroup,
    proof: PROOF,
  });
}

/** A group and all groups below it. */
async function withSubgroups(client: KeycloakClient, top: JsonValue): Promise<JsonValue[]> {
  const found: JsonValue[] = [];
  for (let level: JsonValue[] = [top], depth = 0; level.length > 0; depth++) {
    if (depth >= MOST_LEVELS)
      throw new SourceError(
        'incomplete_listing',
        `Keycloak sent groups in groups of more than ${MOST_LEVELS} levels; they run in a circle.`,
      );
    const below: JsonValue[] = [];
    for (const group of level) {
      found.push(group);
      if (isJsonObject(group)) below.push(...(await client.subgroups(group)));
    }
    level = below;
  }
  return found;
}

function memberships({ client, config, ports }: KeycloakParts): SourceStream {
  return memberStream({
    id: 'memberships',
    covers: ['memberships'],
    groups: (after) => stagedGroups(ports, after),
    read: (ids) => Promise.all(ids.map((id) => membersOf(client, config, id))),
    groupsPerRead: 1,
    concurrency: manifest.limits.concurrency,
    replaces: false,
    proof: PROOF,
  });
}

async function membersOf(
  client: KeycloakClient,
  { subgroupMembers }: KeycloakConfig,
  groupId: string,
): Promise<readonly SnapshotMember[] | null> {
  const people = await client.members(groupId);
  const group = subgroupMembers ? await client.group(groupId) : undefined;
  if (people === null || group === null) return null;
  return [...people.map(mapMember), ...(group === undefined ? [] : await subgroupsOf(client, group))];
}

async function subgroupsOf(client: KeycloakClient, group: JsonObject): Promise<readonly SnapshotMember[]> {
  return (await client.subgroups(group)).map((item) => ({ ...mapMember(item), kind: 'group' }));
}

/**
 * A stream that is complete only if nobody is hidden from us when it begins and when it ends: a role may be taken away
 * meanwhile, and a list only becomes shorter by that.
 */
function seeingAll(stream: SourceStream, client: KeycloakClient): SourceStream {
  async function* pages(from: JsonValue | null): AsyncGenerator<SourcePage> {
    await client.requireFullView();
    for await (const page of stream.pages(from)) {
      if (page.end !== undefined) await client.requireFullView();
      yield page;
    }
  }
  return { ...stream, pages };
}

import type { SnapshotFinding, SnapshotKind, SnapshotRecord } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { LdapClient, type LdapSession, type Search } from './client.js';
import { withIds } from './changes/read-anew.js';
import { trackingWarnings } from './changes/tracking.js';
import type { LdapConfig } from './config.js';
import { idOf } from './entry.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { lookUpMembers } from './look-up-members.js';
import { groupSearch, ldapStreams, trackedBy, userSearch } from './streams.js';
import type { LdapEntry } from './wire/answer.js';

const SAMPLES = 3;
const COUNTED_PAGES = 40;
const IDS_PER_SEARCH = 50;

export function connect(config: LdapConfig, ports: SourcePorts): Source {
  const client = new LdapClient(config, ports);
  return {
    streams: (run) => ldapStreams({ client, ports }, run),
    check: () => check(client, config, ports),
    lookUp: (kind, ids) => lookUp(client, kind, ids),
    lookUpMembers: (asked) => lookUpMembers(client, asked),
    close: () => Promise.resolve(client.close()),
  };
}

async function check(client: LdapClient, config: LdapConfig, ports: SourcePorts): Promise<SourceCheck> {
  const session = await client.session();
  const { dialect } = session;
  const search = userSearch(session);
  const users = await count(client, session, search);
  const groups = await count(client, session, groupSearch(session));
  const tracked = trackedBy({ search, kind: 'user' });
  const tracking = await trackingWarnings({ client, session, tracked, now: ports.clock.now() });
  return {
    users: users.count,
    groups: groups.count,
    samples: [
      ...users.first.map((entry) => mapUser(entry, dialect, ports.clock.now())),
      ...groups.first.map((entry): SnapshotRecord => mapGroup(entry, dialect)),
    ],
    warnings: [...new Set([...warningsOf(session, config, [users, groups]), ...tracking])],
  };
}

interface Counted {
  /** Null when there are more than are counted. */
  readonly count: number | null;
  readonly first: readonly LdapEntry[];
  readonly cut: string | null;
  /** Another server that has a part of it. */
  readonly elsewhere: string | null;
}

async function count(client: LdapClient, session: LdapSession, search: Search): Promise<Counted> {
  const first: LdapEntry[] = [];
  let found = 0;
  let pages = 0;
  let elsewhere: string | null = null;
  for await (const { entries, references, cut, isLast } of client.entries(search, session)) {
    first.push(...entries.slice(0, SAMPLES - first.length));
    found += entries.length;
    elsewhere ??= references[0] ?? null;
    if (cut !== null) return { count: null, first, cut, elsewhere };
    if (!isLast && ++pages >= COUNTED_PAGES) return { count: null, first, cut: null, elsewhere };
  }
  return { count: found, first, cut: null, elsewhere };
}

function warningsOf(
  { facts, dialect }: LdapSession,
  config: LdapConfig,
  counted: readonly Counted[],
): string[] {
  const warnings = counted.flatMap(({ cut }) => cut ?? []);
  const elsewhere = counted.find((one) => one.elsewhere !== null)?.elsewhere;
  // Active Directory always refers to its other naming contexts.
  if (elsewhere && dialect.kind !== 'active_directory')
    warnings.push(
      `A part of the directory is at another server (${elsewhere.slice(0, 200)}), which is not asked.`,
    );
  if (config.security === 'none')
    warnings.push('The connection is not encrypted; the password can be read on the way.');
  if (config.credential === null)
    warnings.push('Nobody is signed in: the server may hide users or attributes.');
  if (!facts.canPage)
    warnings.push(
      'The server does not offer paging (or hides its root DSE): a limit of size may cut the list.',
    );
  return warnings;
}

/** An id that a search of the same bases and filter does not find is gone; a search that fails says nothing. */
async function lookUp(
  client: LdapClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SnapshotFinding>> {
  const session = await client.session();
  const found = new Map<string, SnapshotFinding>();
  for (let start = 0; start < ids.length; start += IDS_PER_SEARCH)
    for (const [id, state] of await lookUpSome(
      { client, session, kind },
      ids.slice(start, start + IDS_PER_SEARCH),
    ))
      found.set(id, state);
  return found;
}

async function lookUpSome(
  { client, session, kind }: { client: LdapClient; session: LdapSession; kind: SnapshotKind },
  ids: readonly string[],
): Promise<readonly (readonly [string, SnapshotFinding])[]> {
  const { dialect } = session;
  const search = kind === 'user' ? userSearch(session) : groupSearch(session);
  const filter = withIds(search.filter, dialect, ids);
  const present = new Set<string>();
  let isElsewhere = false;
  for await (const page of client.entries({ ...search, filter, attributes: dialect.names.id }, session)) {
    if (page.cut !== null) return [];
    isElsewhere ||= page.references.length > 0 && dialect.kind !== 'active_directory';
    for (const entry of page.entries) present.add(idOf(entry, dialect) ?? '');
  }
  // Who is not found may be at the other server that has a part of what was searched.
  const known = isElsewhere ? ids.filter((id) => present.has(id)) : ids;
  return known.map((id) => [id, present.has(id) ? 'present' : 'gone'] as const);
}

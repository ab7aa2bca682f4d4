import { AndFilter, EqualityFilter, PresenceFilter, type Filter } from 'ldapts';
import { isJsonObject, type JsonObject } from '#kernel';
import type { LdapSession } from '../client.js';
import { idOf } from '../entry.js';
import type { LdapResult } from '../wire/answer.js';
import type { Exchange } from '../wire/ldap-connection.js';
import { failure, isPassing, SUCCESS } from '../wire/result-errors.js';
import { SourceError } from '../../../sdk/source-error.js';
import { contextCookie, portableCookie } from './context-csn.js';
import { changelogGap, changelogObstacle } from './retro-changelog.js';
import { SYNC_REQUEST, syncDone, syncInfo, syncRequest, syncState } from './sync-protocol.js';
import { expired, type ChangeKind, type ChangeTracker, type TrackerParts } from './tracker.js';

/** Content synchronization (RFC 4533, refreshOnly) of OpenLDAP, 389 DS and others: changes and deletions since a cookie. */
export const syncrepl: ChangeTracker = {
  async mark(parts, previous) {
    const { dialect, facts } = parts.session;
    if (!dialect.hasOwnId || !facts.controls.includes(SYNC_REQUEST)) return null;
    if ((await changelogObstacle(parts)) !== null) return null;
    const cookies: Record<string, string> = {};
    for (const base of parts.tracked.bases) {
      const cookie = await markCookie(parts, base, cookiesIn(previous)[base]);
      if (cookie === null) return null;
      cookies[base] = cookie.toString('base64');
    }
    return { cursor: { sync: cookies }, needsRoll: false };
  },

  owns: (cursor) => isJsonObject(cursor['sync']),

  async since(parts, cursor) {
    const ids = new Map<string, ChangeKind>();
    const cookies: Record<string, string> = {};
    for (const base of parts.tracked.bases) {
      const cookie = cookiesIn(cursor)[base];
      if (cookie === undefined) throw expired('There is no cookie for one of the bases.');
      cookies[base] = (await readBase(parts, { base, cookie, ids })).toString('base64');
    }
    return { ids, cursor: { sync: cookies }, statesRemovals: true };
  },

  async obstacle(parts) {
    const { dialect, facts } = parts.session;
    if (!dialect.hasOwnId)
      return 'The settings name another id than the server’s own, by which it tells of deletions.';
    if (!facts.controls.includes(SYNC_REQUEST))
      return 'The server does not offer content synchronization (RFC 4533).';
    const inChangelog = await changelogObstacle(parts);
    if (inChangelog !== null) return inChangelog;
    const nobody = new EqualityFilter({ attribute: 'cn', value: 'no-such-object-0' });
    const filter = new AndFilter({ filters: [parts.tracked.filter, nobody] });
    for (const base of parts.tracked.bases) {
      const { result } = await ask(parts, { base, cookie: Buffer.alloc(0), filter });
      if (result.code !== SUCCESS || syncDone(result) === undefined)
        return `The server refuses content synchronization below "${base}" (LDAP result ${result.code}).`;
    }
    return null;
  },
};

function cookiesIn({ sync }: JsonObject): Readonly<Record<string, Buffer>> {
  if (!isJsonObject(sync)) return {};
  const texts = Object.entries(sync).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(texts.map(([base, text]) => [base, Buffer.from(text, 'base64')]));
}

/** The cookie of now: what the server keeps as its state, the last one brought forward, or that of everything. */
async function markCookie(
  parts: TrackerParts,
  base: string,
  last: Buffer | undefined,
): Promise<Buffer | null> {
  const known = (await contextCookie(parts, base)) ?? last;
  for (const cookie of [known, Buffer.alloc(0)]) {
    if (cookie === undefined) continue;
    const exchange = await ask(parts, { base, cookie });
    const done = syncDone(exchange.result);
    if (exchange.result.code !== SUCCESS || done === undefined) continue;
    const now = cookieOf(parts.session, exchange) ?? cookie;
    if (now.length > 0) return now;
  }
  return null;
}

interface BaseReading {
  readonly base: string;
  readonly cookie: Buffer;
  readonly ids: Map<string, ChangeKind>;
}

/** @returns the next cookie */
async function readBase(parts: TrackerParts, { base, cookie, ids }: BaseReading): Promise<Buffer> {
  const gap = await changelogGap(parts, cookie);
  if (gap !== null) throw expired(gap);
  const exchange = await ask(parts, { base, cookie });
  if (exchange.result.code !== SUCCESS) throw refused(exchange.result);
  if (!tellsDeletions(parts.session, exchange))
    throw expired('The server can only say who is still there: its log of changes does not reach back.');
  const changed = note(parts.session, exchange, ids);
  if (changed.size > 0 && !(await hasOthers(parts, base, changed)))
    throw expired('The server sent everything instead of what has changed.');
  return cookieOf(parts.session, exchange) ?? cookie;
}

/** e-syncRefreshRequired, a state that is newer than the server’s, a limit: reading everything helps in all these cases. */
function refused(result: LdapResult): SourceError {
  return expired(
    `The server does not take the synchronization cookie any more (LDAP result ${result.code}).`,
  );
}

/** Whether the answer has every deletion in it, so that whatever it does not mention is still there. */
function tellsDeletions({ dialect }: LdapSession, { entries, intermediates, result }: Exchange): boolean {
  const infos = intermediates.flatMap((message) => syncInfo(message) ?? []);
  const saysPresent =
    entries.some((entry) => syncState(entry).state === 'present') ||
    infos.some(({ kind, areDeleted }) => kind === 'refresh_present' || (kind === 'ids' && !areDeleted));
  const done = syncDone(result);
  if (saysPresent || done === undefined) return false;
  // 389 DS has no other way and leaves the flag out.
  return done.refreshDeletes || dialect.kind === '389ds';
}

/** @returns ids that were sent as entries */
function note(session: LdapSession, exchange: Exchange, ids: Map<string, ChangeKind>): ReadonlySet<string> {
  const isUniqueId = session.dialect.kind === '389ds';
  const changed = new Set<string>();
  for (const message of exchange.intermediates)
    for (const uuid of syncInfo(message)?.uuids ?? []) ids.set(idText(uuid, isUniqueId), 'deleted');
  for (const entry of exchange.entries) {
    const { state, uuid } = syncState(entry);
    const id = idText(uuid, isUniqueId);
    if (state !== 'delete') changed.add(id);
    ids.set(id, state === 'delete' ? 'deleted' : 'changed');
  }
  return changed;
}

/** As `entryUUID` spells it, or `nsUniqueId` of 389 DS, whose bytes these are there. */
function idText(uuid: Buffer, isUniqueId: boolean): string {
  const hex = uuid.toString('hex');
  const ends = isUniqueId ? [8, 16, 24, 32] : [8, 12, 16, 20, 32];
  return ends.map((end, part) => hex.slice(ends[part - 1] ?? 0, end)).join('-');
}

/**
 * Whether there is anybody beside those who were sent. A server that does not know a cookie any more may send everything
 * as if it had changed, and then says nothing of deletions.
 */
async function hasOthers(parts: TrackerParts, base: string, sent: ReadonlySet<string>): Promise<boolean> {
  const { client, session } = parts;
  const { dialect } = session;
  const search = { bases: [base], filter: contentOf(parts), attributes: dialect.names.id };
  for await (const { entries, cut } of client.entries(search, session)) {
    if (entries.some((entry) => !sent.has(idOf(entry, dialect) ?? ''))) return true;
    if (cut !== null) throw new SourceError('incomplete_listing', cut);
  }
  return false;
}

/** The last cookie that was sent; null when none was, because nothing has changed. */
function cookieOf({ dialect }: LdapSession, { intermediates, result }: Exchange): Buffer | null {
  const said = intermediates.flatMap((message) => syncInfo(message)?.cookie ?? []).at(-1);
  const cookie = syncDone(result)?.cookie ?? said;
  if (cookie === undefined || cookie.length === 0) return null;
  return dialect.kind === 'openldap' ? portableCookie(cookie) : cookie;
}

/**
 * What is synchronized. 389 DS says nothing of an entry that a change has taken out of the filter, so elsewhere than at
 * OpenLDAP everything below the base is, and who has left the filter shows when the changed ones are read.
 */
function contentOf({ session, tracked }: TrackerParts): Filter {
  return session.dialect.kind === 'openldap'
    ? tracked.filter
    : new PresenceFilter({ attribute: 'objectClass' });
}

/** No attributes: who has changed is read anew by id. @throws SourceError for what passes */
async function ask(
  parts: TrackerParts,
  { base, cookie, filter }: { base: string; cookie: Buffer; filter?: Filter },
): Promise<Exchange> {
  const exchange = await parts.client.search(
    {
      base,
      scope: 'sub',
      filter: filter ?? contentOf(parts),
      attributes: ['1.1'],
      controls: [syncRequest(cookie)],
    },
    parts.session,
  );
  if (isPassing(exchange.result)) throw failure(exchange.result);
  return exchange;
}

import { AndFilter, EqualityFilter, type Filter } from 'ldapts';
import type { JsonObject } from '#kernel';
import { guidText } from '../values.js';
import type { LdapEntry } from '../wire/answer.js';
import { failure, isPassing, SUCCESS } from '../wire/result-errors.js';
import { SourceError } from '../../../sdk/source-error.js';
import { contextOf, positionOf, seesDeleted, sameController } from './active-directory.js';
import { attributesIn } from './filter-attributes.js';
import { DIRSYNC, dirSyncAnswer, dirSyncRequest, type DirSyncAnswer } from './dirsync-control.js';
import { expired, type ChangeKind, type Changes, type ChangeTracker, type TrackerParts } from './tracker.js';

/** A server may look long before it finds a change, but not for ever. */
const MAX_EMPTY_ROUNDS = 1_000;
/** unavailableCriticalExtension: said by a server that has not done what was asked, or meant by its silence. */
const UNAVAILABLE = 12;

/** Active Directory's DirSync: what has changed in a naming context since a cookie, deletions included. */
export const dirSync: ChangeTracker = {
  async mark(parts, previous) {
    const cookie = await markCookie(parts, previous);
    if (cookie === null) return null;
    const needsRoll = !(await seesDeleted(parts));
    return { cursor: cursorOf(parts, cookie), needsRoll };
  },

  owns: (cursor) => typeof cursor['dirsync'] === 'string',

  async since(parts, cursor) {
    if (!sameController(parts, cursor))
      throw expired('Another domain controller answers than the last time, or it was restored.');
    const ids = new Map<string, ChangeKind>();
    const cookie = await drain(parts, cookieIn(cursor), (entry) => note(ids, entry));
    if (typeof cookie === 'number') throw expired('The server does not take the DirSync cookie any more.');
    return changes(parts, { ids, cookie, hadRoll: cursor['roll'] !== undefined });
  },

  async obstacle(parts) {
    const context = contextOf(parts);
    if (context === undefined)
      return 'DirSync covers one naming context, and the bases lie in several: changes are found by uSNChanged.';
    const nobody = new EqualityFilter({ attribute: 'cn', value: 'no-such-object-0' });
    const filter = new AndFilter({ filters: [parts.tracked.filter, nobody] });
    const answer = await drain({ ...parts, filter }, Buffer.alloc(0), () => undefined);
    if (typeof answer !== 'number') return null;
    return answer === 50
      ? 'The account lacks the right "Replicating Directory Changes" (DS-Replication-Get-Changes): changes are found by uSNChanged instead of DirSync.'
      : `The server refuses DirSync (LDAP result ${answer}): changes are found by uSNChanged.`;
  },
};

function changes(
  parts: TrackerParts,
  { ids, cookie, hadRoll }: { ids: ReadonlyMap<string, ChangeKind>; cookie: Buffer; hadRoll: boolean },
): Changes {
  // Who is shown one deletion is shown all of them.
  const statesRemovals = !hadRoll || [...ids.values()].includes('deleted');
  return { ids, cursor: cursorOf(parts, cookie), statesRemovals };
}

function cursorOf(parts: TrackerParts, cookie: Buffer): JsonObject {
  return { ...positionOf(parts), dirsync: cookie.toString('base64') };
}

function cookieIn(cursor: JsonObject): Buffer {
  const { dirsync } = cursor;
  return Buffer.from(typeof dirsync === 'string' ? dirsync : '', 'base64');
}

/** The cookie of now: from the last one on, or else from the beginning. */
async function markCookie(parts: TrackerParts, previous: JsonObject): Promise<Buffer | null> {
  const { dialect, facts } = parts.session;
  if (!dialect.hasOwnId || !facts.controls.includes(DIRSYNC) || contextOf(parts) === undefined) return null;
  const last = sameController(parts, previous) ? cookieIn(previous) : Buffer.alloc(0);
  for (const cookie of last.length > 0 ? [last, Buffer.alloc(0)] : [last]) {
    const now = await drain(parts, cookie, () => undefined);
    if (typeof now !== 'number') return now;
  }
  return null;
}

/**
 * Asks from a cookie on until nothing is left.
 * @returns the last cookie, or the result code with which the server refused
 * @throws SourceError for what passes, and for rounds that do not end
 */
async function drain(
  parts: TrackerParts & { readonly filter?: Filter },
  from: Buffer,
  take: (entry: LdapEntry) => void,
): Promise<Buffer | number> {
  let cookie = from;
  for (let empty = 0; empty <= MAX_EMPTY_ROUNDS; empty++) {
    const answer = await ask(parts, cookie);
    if (typeof answer === 'number') return answer;
    answer.entries.forEach(take);
    if (!answer.hasMore) return answer.cookie;
    if (answer.cookie.equals(cookie)) break;
    if (answer.entries.length > 0) empty = 0;
    cookie = answer.cookie;
  }
  throw new SourceError(
    'incomplete_listing',
    'The server does not come to the end of its changes (DirSync).',
  );
}

/** One round. @returns a result code for a refusal @throws SourceError for what passes */
async function ask(
  { client, session, tracked, filter }: Parameters<typeof drain>[0],
  cookie: Buffer,
): Promise<(DirSyncAnswer & { readonly entries: readonly LdapEntry[] }) | number> {
  const exchange = await client.search(
    {
      base: contextOf({ session, tracked }) ?? '',
      scope: 'sub',
      filter: filter ?? session.dialect.candidates[tracked.of === 'user' ? 'user' : 'group'],
      attributes: wantedOf(tracked),
      controls: [dirSyncRequest(cookie)],
    },
    session,
  );
  const { entries, result } = exchange;
  if (isPassing(result)) throw failure(result);
  if (result.code !== SUCCESS) return result.code;
  const answer = dirSyncAnswer(result);
  return answer === undefined || answer.cookie.length === 0 ? UNAVAILABLE : { ...answer, entries };
}

/** DirSync is silent about changes of all other attributes, also of those by which somebody leaves the filter. */
function wantedOf({ attributes, filter }: TrackerParts['tracked']): string[] {
  const compared = attributesIn(filter).filter((name) => name !== '');
  return [...new Set([...attributes.map((name) => name.toLowerCase()), ...compared, ...ALWAYS])];
}

/** A rename or move shows in `name`, a new object in `whenCreated`, a deletion in `isDeleted`. */
const ALWAYS = ['objectguid', 'name', 'whencreated', 'isdeleted'];

/** The later word counts: an object may come several times. */
function note(ids: Map<string, ChangeKind>, entry: LdapEntry): void {
  const id = guidText(entry.attributes.get('objectguid')?.[0] ?? Buffer.alloc(0));
  if (id === undefined)
    throw new SourceError('source_changed_shape', 'DirSync sent a change without objectGUID.');
  const has = (name: string): boolean => (entry.attributes.get(name)?.length ?? 0) > 0;
  const isDeleted = entry.attributes.get('isdeleted')?.[0]?.toString('latin1').toUpperCase() === 'TRUE';
  const isMoved = (has('name') && !has('whencreated')) || ids.get(id) === 'moved';
  ids.set(id, isDeleted ? 'deleted' : isMoved ? 'moved' : 'changed');
}

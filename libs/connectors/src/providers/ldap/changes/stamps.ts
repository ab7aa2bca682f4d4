import { AndFilter, EqualityFilter, GreaterThanEqualsFilter, type Filter } from 'ldapts';
import type { JsonObject } from '#kernel';
import { dnKey } from '../dn.js';
import { idOf, textsOf } from '../entry.js';
import { generalizedTime } from '../values.js';
import type { LdapEntry } from '../wire/answer.js';
import { SourceError } from '../../../sdk/source-error.js';
import {
  contextOf,
  positionOf,
  sameController,
  seesDeleted,
  showDeleted,
  TOMBSTONE,
} from './active-directory.js';
import { cursorObject, expired, type ChangeKind, type ChangeTracker, type TrackerParts } from './tracker.js';

/** How far the server's clock may be behind ours, and what it was still writing when the last run began. */
const TIME_OVERLAP_MS = 30 * 60_000;
/** Changes that had a number, but were not committed yet, when the last run asked for the highest one. */
const USN_OVERLAP = 100;

/** What every server has: a stamp of the last change at the entry. Deletions leave none; the roll finds out that there were some. */
export const stamps: ChangeTracker = {
  async mark(parts) {
    const { session, now } = parts;
    if (session.facts.usn !== null && session.dialect.kind === 'active_directory')
      return { cursor: positionOf(parts), needsRoll: true };
    const since = generalizedTime(new Date(now.getTime() - TIME_OVERLAP_MS));
    return { cursor: { since, at: generalizedTime(now) }, needsRoll: true };
  },

  owns: () => true,

  async since(parts, cursor) {
    const { client, session, tracked } = parts;
    const filter = new AndFilter({ filters: [tracked.filter, changedSince(parts, cursor)] });
    const ids = new Map<string, ChangeKind>();
    for await (const page of client.entries(
      { ...tracked, filter, attributes: session.dialect.names.id },
      session,
    )) {
      if (page.cut !== null) throw new SourceError('incomplete_listing', page.cut);
      for (const entry of page.entries) ids.set(idOf(entry, session.dialect) ?? '', 'changed');
    }
    const departed = await deletedSince(parts, cursor, ids);
    const mark = await stamps.mark(parts, cursor);
    return { ids, cursor: cursorObject(mark?.cursor), statesRemovals: false, departed };
  },

  obstacle: () => Promise.resolve(null),
};

function changedSince(parts: TrackerParts, cursor: JsonObject): Filter {
  const { usn, since } = cursor;
  if (typeof usn === 'number' && sameController(parts, cursor))
    return after('uSNChanged', String(Math.max(0, usn - USN_OVERLAP)));
  const isAd = parts.session.dialect.kind === 'active_directory';
  if (typeof since === 'string' && !isAd) return after('modifyTimestamp', since);
  if (typeof since === 'string' && parts.session.facts.usn === null)
    return after('whenChanged', since.replace(/Z$/, '.0Z'));
  throw expired('Another server answers than the last time, or it was restored; its change numbers differ.');
}

function after(attribute: string, value: string): Filter {
  return new GreaterThanEqualsFilter({ attribute, value });
}

/**
 * Notes whom Active Directory shows as deleted since.
 * @returns those of them who were on the roll: they were there before, and below a base
 */
async function deletedSince(
  parts: TrackerParts,
  cursor: JsonObject,
  ids: Map<string, ChangeKind>,
): Promise<readonly string[]> {
  const { dialect } = parts.session;
  const { usn } = cursor;
  if (parts.tracked.of === 'membership' || typeof usn !== 'number' || !dialect.hasOwnId) return [];
  const departed: string[] = [];
  for await (const entry of tombstones(parts, cursor)) {
    const id = idOf(entry, dialect);
    if (id === null || !isOf(entry, parts.tracked.of)) continue;
    ids.set(id, 'deleted');
    if (wasOnRoll(entry, usn, parts.tracked.bases)) departed.push(id);
  }
  return departed;
}

async function* tombstones(parts: TrackerParts, cursor: JsonObject): AsyncGenerator<LdapEntry> {
  const { client, session } = parts;
  const context = contextOf(parts);
  if (context === undefined || !(await seesDeleted(parts))) return;
  const isDeleted = new EqualityFilter({ attribute: 'isDeleted', value: 'TRUE' });
  const search = {
    bases: [context],
    filter: new AndFilter({ filters: [isDeleted, changedSince(parts, cursor)] }),
    attributes: [...session.dialect.names.id, 'objectClass', 'lastKnownParent', 'uSNCreated'],
    controls: [showDeleted()],
  };
  for await (const { entries } of client.entries(search, session))
    yield* entries.filter(({ dn }) => TOMBSTONE.test(dn));
}

function isOf(entry: LdapEntry, of: 'user' | 'group'): boolean {
  const classes = textsOf(entry, 'objectclass').map((name) => name.toLowerCase());
  return of === 'user'
    ? classes.includes('person') && !classes.includes('computer')
    : classes.includes('group');
}

function wasOnRoll(entry: LdapEntry, usn: number, bases: readonly string[]): boolean {
  const parent = `,${dnKey(textsOf(entry, 'lastknownparent')[0] ?? '')}`;
  return (
    Number(textsOf(entry, 'usncreated')[0]) <= usn && bases.some((base) => parent.endsWith(`,${dnKey(base)}`))
  );
}

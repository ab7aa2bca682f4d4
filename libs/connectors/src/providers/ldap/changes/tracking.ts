import type { JsonObject, JsonValue } from '#kernel';
import { seesDeleted } from './active-directory.js';
import { dirSync } from './dirsync.js';
import { isSilent } from './filter-attributes.js';
import { callRoll, Roll } from './roll.js';
import { stamps } from './stamps.js';
import { syncrepl } from './syncrepl.js';
import { generalizedTime } from '../values.js';
import {
  cursorObject,
  expired,
  type Changes,
  type ChangeTracker,
  type Mark,
  type TrackerParts,
} from './tracker.js';

/** The ways of a kind of server, the best one first; the last one always works. */
function waysOf({ session }: TrackerParts): readonly ChangeTracker[] {
  return [session.dialect.kind === 'active_directory' ? dirSync : syncrepl, stamps];
}

/** Where the changes after now begin: ask before everything is read. @throws SourceError */
export async function markChanges(parts: TrackerParts, previous: JsonValue | undefined): Promise<Mark> {
  for (const way of waysOf(parts)) {
    const mark = await way.mark(parts, cursorObject(previous));
    if (mark !== null)
      return {
        cursor: { at: generalizedTime(parts.now), ...mark.cursor },
        needsRoll: mark.needsRoll || isSilent(parts.tracked.filter),
      };
  }
  throw new Error('The last way always works');
}

/** The cursor with the roll of who was read. */
export function withRoll({ cursor, needsRoll }: Mark, roll: Roll): JsonObject {
  return needsRoll ? { ...cursor, roll: roll.toJson() } : cursor;
}

/**
 * What has changed since a cursor. Where the server need not tell of deletions, or of who leaves the filter, the roll is
 * called: if anybody is missing of whom nothing is known, everything has to be read.
 * @throws SourceError `cursor_expired`
 */
export async function changesSince(parts: TrackerParts, since: JsonValue): Promise<Changes> {
  const cursor = cursorObject(since);
  const way = waysOf(parts).find((candidate) => candidate.owns(cursor)) ?? stamps;
  const changes = await way.since(parts, cursor);
  const tellsAll = changes.statesRemovals && !isSilent(parts.tracked.filter);
  if (tellsAll || parts.tracked.of === 'membership') return changes;
  const before = Roll.from(cursor['roll']);
  if (before === undefined) throw expired('It is not known who was there.');
  const now = await callRoll(parts, cursor);
  if (!departures(changes).some((gone) => now.before.equals(before.without(gone))))
    throw expired('Somebody is missing, came or was moved, and the server does not say who.');
  return {
    ...changes,
    cursor: { at: generalizedTime(parts.now), ...changes.cursor, roll: now.all.toJson() },
  };
}

/** Who may be gone from the roll: only what adds up with who is there now is believed, so guessing takes nobody away. */
function departures({ departed, ids }: Changes): readonly (readonly string[])[] {
  const deleted = [...ids].filter(([, kind]) => kind === 'deleted').map(([id]) => id);
  return [departed ?? [], deleted];
}

/** What an admin has to know of how changes are found; nothing when it is the best way of that kind of server. */
export async function trackingWarnings(parts: TrackerParts): Promise<readonly string[]> {
  const [best] = waysOf(parts);
  const obstacle = (await best?.obstacle(parts)) ?? null;
  const isAd = parts.session.dialect.kind === 'active_directory';
  const seesRemovals = isAd ? await seesDeleted(parts) : obstacle === null;
  return [
    ...(obstacle === null ? [] : [obstacle]),
    ...(seesRemovals ? [] : [isAd ? HIDDEN : WITHOUT_REMOVALS]),
  ];
}

const WITHOUT_REMOVALS =
  'The server does not tell of deletions: they are noticed by comparing who is there, after which everybody is read again.';
const HIDDEN =
  'The account sees no deleted object: either there is none yet, or it may not read the container "Deleted Objects". Until it does, deletions are noticed by comparing who is there, after which everybody is read again.';

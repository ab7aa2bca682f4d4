import { AndFilter, GreaterThanEqualsFilter, NotFilter, PresenceFilter } from 'ldapts';
import { baseSearch } from '../client.js';
import { textsOf } from '../entry.js';
import type { TrackerParts } from './tracker.js';

const CHANGELOG = 'cn=changelog';
const TARGET = 'targetUniqueId';
const ADVICE = 'see “389 Directory Server” in the guide';

/**
 * Why the content synchronization of 389 DS is not to be trusted; null when it is, and for all other servers. It reads
 * the retro changelog: where that does not record the id of what was changed, changes are lost without a word.
 */
export async function changelogObstacle({ client, session }: TrackerParts): Promise<string | null> {
  if (session.dialect.kind !== '389ds') return null;
  const { changelog } = session.facts;
  if (changelog === null) return `The retro changelog is off or empty (${ADVICE}).`;
  const newest = baseSearch(`changenumber=${changelog.last},${CHANGELOG}`, [TARGET]);
  const [entry] = (await client.search(newest, session)).entries;
  if (entry === undefined) return `The account may not read the retro changelog (${ADVICE}).`;
  return textsOf(entry, TARGET.toLowerCase()).length > 0
    ? null
    : `The retro changelog does not record the id of what was changed (${ADVICE}).`;
}

/** Why changes since a cookie of 389 DS are lost; null when they are all there, and for all other servers. */
export async function changelogGap(parts: TrackerParts, cookie: Buffer): Promise<string | null> {
  const { client, session } = parts;
  if (session.dialect.kind !== '389ds') return null;
  const obstacle = await changelogObstacle(parts);
  if (obstacle !== null) return obstacle;
  const last = Number(/#(\d+)$/.exec(cookie.toString('latin1'))?.[1] ?? Number.NaN);
  const first = session.facts.changelog?.first ?? Infinity;
  if (!(first <= last + 1)) return 'The retro changelog does not reach back to the last run.';
  const since = new GreaterThanEqualsFilter({ attribute: 'changeNumber', value: String(last + 1) });
  const nameless = new NotFilter({ filter: new PresenceFilter({ attribute: TARGET }) });
  const filter = new AndFilter({ filters: [since, nameless] });
  const search = { bases: [CHANGELOG], filter, attributes: [TARGET], pageSize: 10 };
  for await (const { entries } of client.entries(search, session))
    if (entries.length > 0)
      return 'A change in the retro changelog does not tell the id of what was changed.';
  return null;
}

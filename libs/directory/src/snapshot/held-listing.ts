import { textArray, Turns, type Queryable } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type { Fence } from '../apply/batch-options.js';
import type { RunFacts, SnapshotRun } from './snapshot.js';
import type { PageToWrite, StagedPage } from './staged-page.js';
import type { Staging } from './staging.js';
import { keyOf } from './statement-parts.js';
import { NOTHING_PENDING, totalsOf } from './unchanged.js';

/** Ids and memberships that are held at most: some twenty megabytes. */
const MOST = 250_000;
/** In place of what a record says, which is what is believed. */
const AS_BELIEVED = Object.freeze({});

/**
 * A full listing that is what is believed as far as it has come. Its pages are compared, but not written: of a record the
 * id is kept, of a list of members its digest, and the members only of a list that does not show all. In the end the
 * listing turns out to be what is believed, and nothing was written; or its pages are staged as if they had been from
 * the beginning.
 */
export class HeldListing {
  readonly #database: Queryable;
  readonly #staging: Staging;
  readonly #run: SnapshotRun;
  readonly #turns = new Turns();
  readonly #ids = { user: new Set<string>(), group: new Set<string>() };
  #pages: PageToWrite[] = [];
  #weight = 0;

  constructor(parts: { readonly database: Queryable; readonly staging: Staging; readonly run: SnapshotRun }) {
    this.#database = parts.database;
    this.#staging = parts.staging;
    this.#run = parts.run;
  }

  /**
   * Adds a page. The next one may be added meanwhile; they are kept in that order, and none after one that failed.
   * @returns whether the listing may still be what is believed. If not, it has to be staged, and this page with it.
   */
  add(records: readonly SnapshotRecord[]): Promise<boolean> {
    const compared = this.#staging.compare(this.#run, records);
    // Told to whoever waits for the turn; where a page before has failed, nobody does.
    compared.catch(() => undefined);
    return this.#turns.take('page', async () => this.#keep(await compared));
  }

  #keep(page: PageToWrite): boolean {
    const isBelieved = isAsBelieved(page);
    const kept = isBelieved ? inShort(page) : page;
    this.#pages.push(kept);
    this.#weight += weightOf(kept);
    for (const { kind, sourceId, content } of page.page.records)
      if (content !== null) this.#ids[kind].add(sourceId);
    return isBelieved && this.#weight <= MOST;
  }

  /** Stages all pages in their order; what could not be staged is still held. */
  async stage(fence: Fence): Promise<void> {
    for (let page = this.#pages[0]; page !== undefined; page = this.#pages[0]) {
      await this.#staging.put(this.#run, page, fence);
      this.#pages.shift();
    }
  }

  /** Ids of kind `kind` that the pages list. */
  ids(kind: SnapshotKind): ReadonlySet<string> {
    return this.#ids[kind];
  }

  /** Whether the listing, read to its end, is what is believed. Whatever is in doubt is not. */
  async isUnchanged(facts: RunFacts): Promise<boolean> {
    const versions = new Set(
      this.#pages.flatMap(({ lists }) => lists.flatMap(({ difference }) => difference?.version ?? [])),
    );
    if (this.#run.mode !== 'full' || versions.size > 1) return false;
    const numbers = { user: this.#ids.user.size, group: this.#ids.group.size };
    const lists = [...this.#digests()];
    const [row] = await this.#database.query<{ unchanged: boolean }>({
      name: 'snapshot_listing_unchanged',
      text: IS_UNCHANGED,
      values: [
        ...keyOf(this.#run).slice(0, 2),
        numbers.user + numbers.group,
        textArray(lists.map(([groupId]) => groupId)),
        textArray(lists.map(([, digest]) => digest)),
        [...versions][0] ?? null,
        JSON.stringify(totalsOf(numbers, facts)),
      ],
    });
    return row?.unchanged === true;
  }

  /** Of each group what all pages show of it, as it is remembered: see `member-digests.ts`. */
  #digests(): Map<string, string> {
    const digests = new Map<string, string>();
    for (const { lists } of this.#pages)
      for (const { groupId, digest } of lists) digests.set(groupId, (digests.get(groupId) ?? '') + digest);
    return digests;
  }
}

/**
 * A list that lacks members may be part of one that is on several pages; one that has others is new. Who is said to be gone
 * is not known, or turns out to be missing in the end.
 */
function isAsBelieved({ page, differing, lists }: PageToWrite): boolean {
  return (
    differing.every(({ content }) => content === null) &&
    page.invalid.length + page.replaced.length === 0 &&
    lists.length === page.members.length &&
    lists.every(({ difference }) => difference === undefined || hasNobodyNew(difference.added))
  );
}

function hasNobodyNew({ user, group }: Readonly<Record<SnapshotKind, readonly string[]>>): boolean {
  return user.length + group.length === 0;
}

function inShort({ page, differing, lists }: PageToWrite): PageToWrite {
  const isCompared = new Set(
    lists.filter(({ difference }) => difference !== undefined).map(({ groupId }) => groupId),
  );
  const short: StagedPage = {
    ...page,
    records: page.records.map(({ kind, sourceId, content }) => ({
      kind,
      sourceId,
      digest: null,
      content: content && AS_BELIEVED,
    })),
    members: page.members.filter(({ groupId }) => !isCompared.has(groupId)),
  };
  return { page: short, differing, lists };
}

/** How many ids are held. */
function weightOf({ page, lists }: PageToWrite): number {
  const missing = lists.flatMap(({ difference }) => (difference ? [difference.missing] : []));
  const members = page.members.flatMap((said) => said.lists());
  return (
    page.records.length +
    lists.length +
    missing.reduce((sum, { user, group }) => sum + user.length + group.length, 0) +
    members.reduce((sum, { memberIds }) => sum + memberIds.length, 0)
  );
}

/** Groups that have members, found by one look-up each. */
const NUMBER_OF_LISTS = `(
  WITH RECURSIVE listed (group_id) AS (
    (SELECT m.group_id FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
      ORDER BY m.group_id LIMIT 1)
    UNION ALL
    SELECT (SELECT m.group_id FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
      AND m.group_id > listed.group_id ORDER BY m.group_id LIMIT 1)
    FROM listed WHERE listed.group_id IS NOT NULL)
  SELECT count(listed.group_id) FROM listed)`;

const IS_UNCHANGED = `
SELECT (SELECT count(*) = $3 AND count(*) FILTER (WHERE r.missing_since IS NULL AND NOT r.is_dirty) = $3
    FROM source_records r WHERE r.environment_id = $1 AND r.directory_id = $2)
  AND ${NUMBER_OF_LISTS} = cardinality($4::text[])
  AND NOT EXISTS (
    SELECT FROM unnest($4::text[], $5::text[]) AS s (group_id, digest)
    LEFT JOIN LATERAL (SELECT d.digest FROM source_member_digests d WHERE d.environment_id = $1 AND d.directory_id = $2
      AND d.group_id = s.group_id OFFSET 0) known ON true
    WHERE known.digest IS DISTINCT FROM s.digest)
  AND ($6::bigint IS NULL OR $6::bigint = coalesce((SELECT v.version FROM source_member_versions v
    WHERE v.environment_id = $1 AND v.directory_id = $2), 0))
  AND ${NOTHING_PENDING('$7::jsonb')} AS unchanged`;

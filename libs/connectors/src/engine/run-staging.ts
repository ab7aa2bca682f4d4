import { Turns } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type {
  Fence,
  HeldListing,
  RunFacts,
  SnapshotDoor,
  SnapshotReport,
  SnapshotRun,
} from './snapshot-door.js';

interface StagingParts {
  readonly door: SnapshotDoor;
  readonly snapshot: SnapshotRun;
  readonly fence: Fence;
  /** Nothing can have been staged for the run by somebody else. */
  readonly isFresh: boolean;
}

type IdPage = Parameters<SnapshotDoor['stagedIds']>[2];

/** A run that is no larger and reads no longer is kept in memory as it was read, and compared once. */
const MOST_HELD = 250;
const LONGEST_MS = 3_000;
/** A full listing that is what is believed is kept as ids, for so long; after a kill it is read from its beginning. */
const LONGEST_LISTING_MS = 60_000;

/**
 * What a run has shown. The beginning is held in memory, and staged only when the run turns out to be slow, too large, or
 * not what was believed before: most runs find nothing new, and then nothing is written about them. A checkpoint may be
 * stored only for what is staged.
 */
export class RunStaging {
  readonly #parts: StagingParts;
  readonly #startedAt = performance.now();
  readonly #turns = new Turns();
  readonly #order = new Map<SnapshotKind, readonly string[]>();
  #held: SnapshotRecord[] | undefined = [];
  #listing: HeldListing | undefined;
  #weight = 0;
  #hasStaged: boolean;
  #settled: Promise<void> = Promise.resolve();

  constructor(parts: StagingParts) {
    this.#parts = parts;
    this.#hasStaged = !parts.isFresh;
    if (!parts.isFresh) this.#held = undefined;
  }

  /** So little is held that nobody needs to be told how far it is. */
  get isSmall(): boolean {
    return this.#held !== undefined;
  }

  /** Whether everything that the run has shown is in memory, and nothing of it staged. */
  get isHolding(): boolean {
    return this.#held !== undefined || this.#listing !== undefined;
  }

  /** Whether something of the run may lie in the staging tables. */
  get hasStaged(): boolean {
    return this.#hasStaged;
  }

  /** Holds the next page or stages it. Pages may be handed over while the one before is under way. */
  take(records: readonly SnapshotRecord[]): Promise<void> {
    if (this.#hold(records)) return Promise.resolve();
    if (this.#listing === undefined && !this.#beginsListing(records)) return this.stage(records);
    const all = [...(this.#held ?? []), ...records];
    this.#held = undefined;
    const listing = (this.#listing ??= this.#parts.door.holdListing(this.#parts.snapshot));
    const added = listing.add(all);
    added.catch(() => undefined);
    return this.#turns.take('listing', async () => {
      const isBelieved = await added;
      const isReleased = this.#listing === undefined;
      if (!isBelieved || isReleased || this.#lasts(LONGEST_LISTING_MS)) await this.#release(listing);
    });
  }

  #hold(records: readonly SnapshotRecord[]): boolean {
    if (this.#held === undefined) return false;
    const weight = records.reduce((sum, record) => sum + weightOf(record), this.#weight);
    if (weight > MOST_HELD || this.#lasts(LONGEST_MS) || records.some(isInvalid)) return false;
    this.#weight = weight;
    this.#held.push(...records);
    return true;
  }

  #beginsListing(records: readonly SnapshotRecord[]): boolean {
    return this.#held !== undefined && this.#parts.snapshot.mode === 'full' && !records.some(isInvalid);
  }

  /** From now on nothing is held. */
  async #release(listing: HeldListing): Promise<void> {
    this.#hasStaged = true;
    await listing.stage(this.#parts.fence);
    this.#listing = undefined;
  }

  #lasts(milliseconds: number): boolean {
    return performance.now() - this.#startedAt > milliseconds;
  }

  /** Stages what is held and then `records`, all or nothing; from now on nothing is held. */
  async stage(records: readonly SnapshotRecord[]): Promise<void> {
    if (this.#listing !== undefined) await this.#release(this.#listing);
    const all = [...(this.#held ?? []), ...records];
    const isFirst = this.#held !== undefined;
    this.#held = undefined;
    if (all.length === 0) return;
    this.#hasStaged = true;
    const { door, snapshot, fence } = this.#parts;
    const staged = door.stage(snapshot, all, fence);
    if (isFirst) this.#settled = staged;
    await staged;
  }

  /** Stages what is held: the run is compared and applied. */
  async settle(): Promise<void> {
    await this.stage([]);
    // What it decides lies beside what it has staged.
    this.#hasStaged = true;
  }

  /** What a full run that is held comes to when it is what is believed; undefined when it has to be staged. */
  async unchanged(facts: RunFacts): Promise<SnapshotReport | undefined> {
    if (this.#listing !== undefined) return this.#listing.unchanged(facts);
    const { door, snapshot } = this.#parts;
    return this.#held && door.unchanged(snapshot, this.#held, facts);
  }

  /** Ids that the run has shown, in the order of their bytes. */
  async ids(kind: SnapshotKind, page: IdPage): Promise<readonly string[]> {
    const { door, snapshot } = this.#parts;
    if (this.#listing !== undefined) return pageOf(this.#ordered(kind, this.#listing.ids(kind)), page);
    if (this.#held !== undefined) return pageOf(inOrder(idsIn(told(this.#held, snapshot.mode), kind)), page);
    // What was held is on its way to the tables; whether it arrives is told to who reads.
    await this.#settled.catch(() => undefined);
    return door.stagedIds(snapshot, kind, page);
  }

  /** Asked for page by page, they are put in order once. */
  #ordered(kind: SnapshotKind, ids: ReadonlySet<string>): readonly string[] {
    const known = this.#order.get(kind);
    if (known?.length === ids.size) return known;
    const ordered = inOrder(ids);
    this.#order.set(kind, ordered);
    return ordered;
  }
}

function weightOf(record: SnapshotRecord): number {
  return record.kind === 'members' ? record.members.length + 1 : 1;
}

/** As in the staging tables: who was listed is there, whatever else is said; in a feed of changes the last word counts. */
function told(records: readonly SnapshotRecord[], mode: SnapshotRun['mode']): readonly SnapshotRecord[] {
  return mode === 'full' ? records.filter(({ kind }) => kind !== 'removed') : records;
}

function isInvalid({ kind }: SnapshotRecord): boolean {
  return kind === 'invalid';
}

function idsIn(records: readonly SnapshotRecord[], kind: SnapshotKind): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const record of records) {
    if (record.kind === 'user' && kind === 'user') ids.add(record.user.sourceId);
    if (record.kind === 'group' && kind === 'group') ids.add(record.group.sourceId);
    if (record.kind === 'removed' && record.of === kind) ids.delete(record.id);
  }
  return ids;
}

/** In the order of their bytes; UTF-16 has the same one up to the surrogates. */
function inOrder(ids: ReadonlySet<string>): readonly string[] {
  const all = [...ids];
  return all.some((id) => /[\ud800-\uffff]/.test(id)) ? all.sort(byBytes) : all.sort();
}

function pageOf(ordered: readonly string[], { after, limit }: IdPage): readonly string[] {
  const start = after === null ? 0 : placeBehind(ordered, after);
  return ordered.slice(start, start + limit);
}

/** By halves: a large listing is asked for page by page. */
function placeBehind(ordered: readonly string[], id: string): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byBytes(ordered[middle] as string, id) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

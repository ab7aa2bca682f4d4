import { textArray, type Queryable } from '#kernel';
import type { DirectoryRef } from './head.js';
import type { LinkTable } from './link-tables.js';

/**
 * Whether the source lists a link itself, whether it asserts it (it lists it, or it follows from a group in a group), and
 * whether it is in effect. The last two differ only while a removal is held back.
 */
interface LinkState {
  readonly direct: boolean;
  readonly asserted: boolean;
  readonly inEffect: boolean;
}

/** A link as stored when the batch began, and as it is now. */
interface Link {
  readonly stored: LinkState;
  current: LinkState;
}

const ABSENT: LinkState = { direct: false, asserted: false, inEffect: false };
const PRESENT: LinkState = { direct: true, asserted: true, inEffect: true };
const HELD: LinkState = { direct: false, asserted: false, inEffect: true };

/** A membership (`member` = user id), a group in a group (its id), or a pending one (value as received). */
export interface MemberPair {
  readonly groupId: string;
  readonly member: string;
}

/**
 * The links between groups and members that a batch deals with. Loaded as far as the requests mention them: a group of
 * 100 000 costs nothing until somebody replaces its whole set.
 */
export class BatchLinks {
  readonly #tx: Queryable;
  readonly #ref: DirectoryRef;
  readonly #table: LinkTable;
  readonly #byGroup = new Map<string, Map<string, Link>>();
  readonly #complete = new Set<string>();
  #isAllLoaded = false;

  constructor(tx: Queryable, ref: DirectoryRef, table: LinkTable) {
    this.#tx = tx;
    this.#ref = ref;
    this.#table = table;
  }

  /** A group made in this batch has no stored links. */
  startEmpty(groupId: string): void {
    this.#complete.add(groupId);
  }

  async loadPairs(groupId: string, members: readonly string[]): Promise<void> {
    if (this.#isComplete(groupId)) return;
    const known = this.#byGroup.get(groupId);
    const unknown = members.filter((member) => !known?.has(member));
    if (unknown.length === 0) return;
    const { column } = this.#table;
    await this.#load(
      'pair',
      `unnest($4::text[]) AS wanted (member)
        CROSS JOIN LATERAL (${this.#rows} AND l.group_id = $3 AND l.${column} = wanted.member OFFSET 0) l`,
      [groupId, textArray(unknown)],
    );
    for (const member of unknown) this.#learn({ groupId, member }, ABSENT);
  }

  /** Links of several groups in one statement. */
  async loadLinks(pairs: readonly MemberPair[]): Promise<void> {
    if (pairs.length === 0) return;
    const { column } = this.#table;
    await this.#load(
      'pairs',
      `unnest($3::text[], $4::text[]) AS wanted (group_id, member)
        CROSS JOIN LATERAL (${this.#rows} AND l.group_id = wanted.group_id AND l.${column} = wanted.member OFFSET 0) l`,
      [textArray(pairs.map((pair) => pair.groupId)), textArray(pairs.map((pair) => pair.member))],
    );
    for (const pair of pairs) this.#learn(pair, ABSENT);
  }

  async loadGroup(groupId: string): Promise<void> {
    if (this.#isComplete(groupId)) return;
    await this.#load('group', `(${this.#rows} AND l.group_id = $3) l`, [groupId]);
    this.#complete.add(groupId);
  }

  async loadMember(members: readonly string[]): Promise<void> {
    if (this.#isAllLoaded || members.length === 0) return;
    await this.#load(
      'member',
      `unnest($3::text[]) AS wanted (member)
        CROSS JOIN LATERAL (${this.#rows} AND l.${this.#table.column} = wanted.member OFFSET 0) l`,
      [members],
    );
  }

  /** Every link of the directory. @param mayExist false when it is known that there is none. */
  async loadAll(mayExist: boolean): Promise<void> {
    if (this.#isAllLoaded) return;
    if (mayExist) await this.#load('all', `(${this.#rows}) l`, []);
    this.#isAllLoaded = true;
  }

  /** Whether the source lists the link itself. */
  isDirect(groupId: string, member: string): boolean {
    return this.#stateOf(groupId, member).direct;
  }

  /** Whether the source asserts the link. */
  has(groupId: string, member: string): boolean {
    return this.#stateOf(groupId, member).asserted;
  }

  isInEffect(groupId: string, member: string): boolean {
    return this.#stateOf(groupId, member).inEffect;
  }

  /** Members of a group that was loaded with loadGroup, as the source asserts them. */
  membersOf(groupId: string): string[] {
    return this.#members(groupId, (state) => state.asserted);
  }

  /** As the source lists them itself. */
  directMembersOf(groupId: string): string[] {
    return this.#members(groupId, (state) => state.direct);
  }

  membersInEffect(groupId: string): string[] {
    return this.#members(groupId, (state) => state.inEffect);
  }

  /** Groups of a member that was loaded with loadMember, as the source asserts them. */
  groupsOf(member: string): string[] {
    return [...this.#byGroup.keys()].filter((groupId) => this.has(groupId, member));
  }

  groupsInEffect(member: string): string[] {
    return [...this.#byGroup.keys()].filter((groupId) => this.isInEffect(groupId, member));
  }

  /** The links that the source asserts among the loaded ones. */
  asserted(): MemberPair[] {
    return this.#pairs(({ current }) => current.asserted);
  }

  /** Those of them that it lists itself. */
  direct(): MemberPair[] {
    return this.#pairs(({ current }) => current.direct);
  }

  /** The link is, or is not, for the source and in effect. */
  set(groupId: string, member: string, present: boolean): void {
    this.#change(groupId, member, present ? PRESENT : ABSENT);
  }

  /** The source lists the link, or no longer; whether it asserts it and whether it is in effect is decided later. */
  list(groupId: string, member: string, direct: boolean): void {
    this.#change(groupId, member, { ...this.#stateOf(groupId, member), direct });
  }

  /** Asserted and in effect, listed or not. */
  assert(groupId: string, member: string): void {
    this.#change(groupId, member, { ...PRESENT, direct: this.isDirect(groupId, member) });
  }

  /** In effect, while the source does not assert it. */
  hold(groupId: string, member: string): void {
    this.#change(groupId, member, HELD);
  }

  /** Every link of the group goes; call loadGroup before. */
  clearGroup(groupId: string): void {
    for (const member of this.membersInEffect(groupId)) this.set(groupId, member, false);
  }

  toInsert(): MemberPair[] {
    return this.#pairs(({ stored, current }) => current.inEffect && !stored.inEffect);
  }

  toDelete(): MemberPair[] {
    return this.#pairs(({ stored, current }) => !current.inEffect && stored.inEffect);
  }

  /** Links that stay in effect, but are asserted or listed now or no longer. */
  toMark(): MemberPair[] {
    return this.#pairs(
      ({ stored, current }) =>
        stored.inEffect &&
        current.inEffect &&
        (stored.asserted !== current.asserted || stored.direct !== current.direct),
    );
  }

  /** Links that are held back since this batch. */
  newlyHeld(): MemberPair[] {
    return this.#pairs(({ stored, current }) => isHeld(current) && !isHeld(stored));
  }

  /** Links that were held back and are no longer. */
  noLongerHeld(): MemberPair[] {
    return this.#pairs(({ stored, current }) => isHeld(stored) && !isHeld(current));
  }

  #change(groupId: string, member: string, current: LinkState): void {
    const links = this.#linksOf(groupId);
    const link = links.get(member);
    if (link) link.current = current;
    else links.set(member, { stored: ABSENT, current });
  }

  #stateOf(groupId: string, member: string): LinkState {
    return this.#byGroup.get(groupId)?.get(member)?.current ?? ABSENT;
  }

  #members(groupId: string, wanted: (state: LinkState) => boolean): string[] {
    return [...(this.#byGroup.get(groupId) ?? [])]
      .filter(([, link]) => wanted(link.current))
      .map(([member]) => member);
  }

  #pairs(wanted: (link: Link) => boolean): MemberPair[] {
    const pairs: MemberPair[] = [];
    for (const [groupId, links] of this.#byGroup)
      for (const [member, link] of links) if (wanted(link)) pairs.push({ groupId, member });
    return pairs;
  }

  #learn({ groupId, member }: MemberPair, stored: LinkState): void {
    const links = this.#linksOf(groupId);
    if (!links.has(member)) links.set(member, { stored, current: stored });
  }

  #linksOf(groupId: string): Map<string, Link> {
    const known = this.#byGroup.get(groupId);
    if (known) return known;
    const links = new Map<string, Link>();
    this.#byGroup.set(groupId, links);
    return links;
  }

  #isComplete(groupId: string): boolean {
    return this.#isAllLoaded || this.#complete.has(groupId);
  }

  /** The links of the directory, to be narrowed by a condition on `l`. */
  get #rows(): string {
    const { name, where } = this.#table;
    return `SELECT * FROM ${name} l WHERE l.environment_id = $1 AND l.directory_id = $2 AND ${where}`;
  }

  async #load(by: string, from: string, values: readonly unknown[]): Promise<void> {
    const { kind, column, asserted, direct } = this.#table;
    const rows = await this.#tx.query<LinkRow>({
      name: `${kind}_by_${by}`,
      text: `SELECT l.group_id, l.${column} AS member, ${asserted} AS asserted, ${direct} AS direct FROM ${from}`,
      values: [this.#ref.environmentId, this.#ref.directoryId, ...values],
    });
    for (const { group_id: groupId, member, asserted: isAsserted, direct: isDirect } of rows)
      this.#learn({ groupId, member }, isAsserted ? { ...PRESENT, direct: isDirect } : HELD);
  }
}

interface LinkRow extends Record<string, unknown> {
  readonly group_id: string;
  readonly member: string;
  readonly asserted: boolean;
  readonly direct: boolean;
}

function isHeld(state: LinkState): boolean {
  return state.inEffect && !state.asserted;
}

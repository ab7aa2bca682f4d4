import type { Queryable } from '#kernel';
import type { DirectoryRef } from './head.js';

/** Whether the source asserts a link, and whether it is in effect. They differ only while a removal is held back. */
interface LinkState {
  readonly asserted: boolean;
  readonly inEffect: boolean;
}

/** A link as stored when the batch began, and as it is now. */
interface Link {
  readonly stored: LinkState;
  current: LinkState;
}

const ABSENT: LinkState = { asserted: false, inEffect: false };
const PRESENT: LinkState = { asserted: true, inEffect: true };
const HELD: LinkState = { asserted: false, inEffect: true };

/** A membership (`member` = user id) or a pending one (`member` = value as received). */
export interface MemberPair {
  readonly groupId: string;
  readonly member: string;
}

/** The two kinds of links differ only in their table. */
interface LinkTable {
  readonly name: string;
  readonly column: string;
  /** SQL that tells whether the source asserts the link. */
  readonly asserted: string;
}

export const MEMBERSHIPS: LinkTable = { name: 'memberships', column: 'user_id', asserted: 'l.asserted' };
export const PENDING_MEMBERSHIPS: LinkTable = {
  name: 'pending_memberships',
  column: 'value',
  asserted: 'true',
};

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
    if (this.#complete.has(groupId)) return;
    const known = this.#byGroup.get(groupId);
    const unknown = members.filter((member) => !known?.has(member));
    if (unknown.length === 0) return;
    const { name, column, asserted } = this.#table;
    const rows = await this.#select(
      `${name}_by_pair`,
      `SELECT l.group_id, l.${column} AS member, ${asserted} AS asserted FROM unnest($4::text[]) AS wanted (member)
        CROSS JOIN LATERAL (SELECT * FROM ${name} l WHERE l.environment_id = $1 AND l.directory_id = $2
          AND l.group_id = $3 AND l.${column} = wanted.member OFFSET 0) l`,
      [groupId, unknown],
    );
    for (const row of rows) this.#learn(row, row.asserted ? PRESENT : HELD);
    for (const member of unknown) this.#learn({ groupId, member }, ABSENT);
  }

  /** Links of several groups in one statement. */
  async loadLinks(pairs: readonly MemberPair[]): Promise<void> {
    if (pairs.length === 0) return;
    const { name, column, asserted } = this.#table;
    const rows = await this.#select(
      `${name}_by_pairs`,
      `SELECT l.group_id, l.${column} AS member, ${asserted} AS asserted
        FROM unnest($3::text[], $4::text[]) AS wanted (group_id, member)
        CROSS JOIN LATERAL (SELECT * FROM ${name} l WHERE l.environment_id = $1 AND l.directory_id = $2
          AND l.group_id = wanted.group_id AND l.${column} = wanted.member OFFSET 0) l`,
      [pairs.map((pair) => pair.groupId), pairs.map((pair) => pair.member)],
    );
    for (const row of rows) this.#learn(row, row.asserted ? PRESENT : HELD);
    for (const pair of pairs) this.#learn(pair, ABSENT);
  }

  async loadGroup(groupId: string): Promise<void> {
    if (this.#complete.has(groupId)) return;
    const { name, column, asserted } = this.#table;
    const rows = await this.#select(
      `${name}_by_group`,
      `SELECT l.group_id, l.${column} AS member, ${asserted} AS asserted FROM ${name} l
        WHERE l.environment_id = $1 AND l.directory_id = $2 AND l.group_id = $3`,
      [groupId],
    );
    for (const row of rows) this.#learn(row, row.asserted ? PRESENT : HELD);
    this.#complete.add(groupId);
  }

  async loadMember(members: readonly string[]): Promise<void> {
    const { name, column, asserted } = this.#table;
    const rows = await this.#select(
      `${name}_by_member`,
      `SELECT l.group_id, l.${column} AS member, ${asserted} AS asserted FROM unnest($3::text[]) AS wanted (member)
        CROSS JOIN LATERAL (SELECT * FROM ${name} l WHERE l.environment_id = $1 AND l.directory_id = $2
          AND l.${column} = wanted.member OFFSET 0) l`,
      [members],
    );
    for (const row of rows) this.#learn(row, row.asserted ? PRESENT : HELD);
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

  /** The link is, or is not, for the source and in effect. */
  set(groupId: string, member: string, present: boolean): void {
    this.#change(groupId, member, present ? PRESENT : ABSENT);
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
    return this.#changed(({ stored, current }) => current.inEffect && !stored.inEffect);
  }

  toDelete(): MemberPair[] {
    return this.#changed(({ stored, current }) => !current.inEffect && stored.inEffect);
  }

  /** Links that stay in effect, but are asserted now or no longer. */
  toMark(): (MemberPair & { readonly asserted: boolean })[] {
    return this.#changed(
      ({ stored, current }) => stored.inEffect && current.inEffect && stored.asserted !== current.asserted,
    ).map((pair) => ({ ...pair, asserted: this.has(pair.groupId, pair.member) }));
  }

  /** Links that are held back since this batch. */
  newlyHeld(): MemberPair[] {
    return this.#changed(({ stored, current }) => isHeld(current) && !isHeld(stored));
  }

  /** Links that were held back and are no longer. */
  noLongerHeld(): MemberPair[] {
    return this.#changed(({ stored, current }) => isHeld(stored) && !isHeld(current));
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

  #changed(wanted: (link: Link) => boolean): MemberPair[] {
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

  async #select(name: string, text: string, values: readonly unknown[]): Promise<LinkRow[]> {
    const rows = await this.#tx.query<{ group_id: string; member: string; asserted: boolean }>({
      name,
      text,
      values: [this.#ref.environmentId, this.#ref.directoryId, ...values],
    });
    return rows.map(({ group_id, member, asserted }) => ({ groupId: group_id, member, asserted }));
  }
}

type LinkRow = MemberPair & { readonly asserted: boolean };

function isHeld(state: LinkState): boolean {
  return state.inEffect && !state.asserted;
}

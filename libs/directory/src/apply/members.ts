import type { Queryable } from '#kernel';
import type { DirectoryRef } from './head.js';

/** A pair as stored when the batch began, and as it is now. */
interface Link {
  readonly stored: boolean;
  current: boolean;
}

/** A membership (`member` = user id) or a pending one (`member` = value as received). */
export interface MemberPair {
  readonly groupId: string;
  readonly member: string;
}

/** The two kinds of links differ only in their table. */
interface LinkTable {
  readonly name: string;
  readonly column: string;
}

export const MEMBERSHIPS: LinkTable = { name: 'memberships', column: 'user_id' };
export const PENDING_MEMBERSHIPS: LinkTable = { name: 'pending_memberships', column: 'value' };

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
    const { name, column } = this.#table;
    const rows = await this.#select(
      `${name}_by_pair`,
      `SELECT l.group_id, l.${column} AS member FROM unnest($4::text[]) AS wanted (member)
        CROSS JOIN LATERAL (SELECT * FROM ${name} l WHERE l.environment_id = $1 AND l.directory_id = $2
          AND l.group_id = $3 AND l.${column} = wanted.member) l`,
      [groupId, unknown],
    );
    for (const pair of rows) this.#learn(pair, true);
    for (const member of unknown) this.#learn({ groupId, member }, false);
  }

  async loadGroup(groupId: string): Promise<void> {
    if (this.#complete.has(groupId)) return;
    const { name, column } = this.#table;
    const rows = await this.#select(
      `${name}_by_group`,
      `SELECT l.group_id, l.${column} AS member FROM ${name} l
        WHERE l.environment_id = $1 AND l.directory_id = $2 AND l.group_id = $3`,
      [groupId],
    );
    for (const pair of rows) this.#learn(pair, true);
    this.#complete.add(groupId);
  }

  async loadMember(members: readonly string[]): Promise<void> {
    const { name, column } = this.#table;
    const rows = await this.#select(
      `${name}_by_member`,
      `SELECT l.group_id, l.${column} AS member FROM unnest($3::text[]) AS wanted (member)
        CROSS JOIN LATERAL (SELECT * FROM ${name} l WHERE l.environment_id = $1 AND l.directory_id = $2
          AND l.${column} = wanted.member) l`,
      [members],
    );
    for (const pair of rows) this.#learn(pair, true);
  }

  has(groupId: string, member: string): boolean {
    return this.#byGroup.get(groupId)?.get(member)?.current ?? false;
  }

  /** Members of a group that was loaded with loadGroup. */
  membersOf(groupId: string): string[] {
    return [...(this.#byGroup.get(groupId) ?? [])]
      .filter(([, link]) => link.current)
      .map(([member]) => member);
  }

  /** Groups of a member that was loaded with loadMember. */
  groupsOf(member: string): string[] {
    return [...this.#byGroup].filter(([, links]) => links.get(member)?.current).map(([groupId]) => groupId);
  }

  set(groupId: string, member: string, current: boolean): void {
    const links = this.#linksOf(groupId);
    const link = links.get(member);
    if (link) link.current = current;
    else links.set(member, { stored: false, current });
  }

  /** Every link of the group goes; call loadGroup before. */
  clearGroup(groupId: string): void {
    for (const member of this.membersOf(groupId)) this.set(groupId, member, false);
  }

  toInsert(): MemberPair[] {
    return this.#changed((link) => link.current && !link.stored);
  }

  toDelete(): MemberPair[] {
    return this.#changed((link) => !link.current && link.stored);
  }

  #changed(wanted: (link: Link) => boolean): MemberPair[] {
    const pairs: MemberPair[] = [];
    for (const [groupId, links] of this.#byGroup)
      for (const [member, link] of links) if (wanted(link)) pairs.push({ groupId, member });
    return pairs;
  }

  #learn({ groupId, member }: MemberPair, stored: boolean): void {
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

  async #select(name: string, text: string, values: readonly unknown[]): Promise<MemberPair[]> {
    const rows = await this.#tx.query<{ group_id: string; member: string }>({
      name,
      text,
      values: [this.#ref.environmentId, this.#ref.directoryId, ...values],
    });
    return rows.map((row) => ({ groupId: row.group_id, member: row.member }));
  }
}

import type { SnapshotKind, SnapshotMember } from '#model';
import { textDigest } from './digest.js';

/** What a page says about members of one group, each of them once. */
export interface MemberList {
  readonly groupId: string;
  readonly memberKind: SnapshotKind;
  readonly present: boolean;
  readonly memberIds: readonly string[];
}

interface Ids {
  readonly present: Readonly<Record<SnapshotKind, Set<string>>>;
  readonly gone: Readonly<Record<SnapshotKind, Set<string>>>;
}

const KINDS = ['user', 'group'] as const;

/** What a page says about the members of one group: the last word about each. */
export class StagedMembers {
  readonly groupId: string;
  /** As long as the page only shows members: most lists are as before, and what they say need not be worked out. */
  readonly #shown: SnapshotMember[] = [];
  #ids: Ids | undefined;

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  show(members: readonly SnapshotMember[]): void {
    for (const member of members)
      if (this.#ids === undefined) this.#shown.push(member);
      else say(this.#ids, member, true);
  }

  take(member: SnapshotMember): void {
    this.#ids ??= idsOf(this.#shown);
    say(this.#ids, member, false);
  }

  /**
   * Of the members that the page shows, in its order; undefined when it says in the end that somebody is gone. So a page
   * that speaks of a group has either a digest of it or a list of who is gone.
   */
  digest(): string | undefined {
    if (this.#ids === undefined) return digestOf(this.#shown);
    const lists = this.lists();
    if (lists.some(({ present }) => !present)) return undefined;
    return digestOf(
      lists.flatMap(({ memberKind: kind, memberIds }) => memberIds.map((id) => ({ kind, id }))),
    );
  }

  /** The members that the page shows. */
  shown(): Readonly<Record<SnapshotKind, readonly string[]>> {
    const { user, group } = (this.#ids ?? idsOf(this.#shown)).present;
    return { user: [...user], group: [...group] };
  }

  lists(): MemberList[] {
    const { groupId } = this;
    const { present, gone } = this.#ids ?? idsOf(this.#shown);
    return KINDS.flatMap((memberKind) => [
      { groupId, memberKind, present: true, memberIds: [...present[memberKind]] },
      { groupId, memberKind, present: false, memberIds: [...gone[memberKind]] },
    ]).filter(({ memberIds }) => memberIds.length > 0);
  }
}

function idsOf(shown: readonly SnapshotMember[]): Ids {
  const ids = {
    present: { user: new Set<string>(), group: new Set<string>() },
    gone: { user: new Set<string>(), group: new Set<string>() },
  };
  for (const { kind, id } of shown) ids.present[kind].add(id);
  return ids;
}

function say({ present, gone }: Ids, { kind, id }: SnapshotMember, isPresent: boolean): void {
  (isPresent ? present : gone)[kind].add(id);
  (isPresent ? gone : present)[kind].delete(id);
}

function digestOf(members: readonly SnapshotMember[]): string {
  return textDigest(JSON.stringify(members.map(({ kind, id }) => (kind === 'user' ? id : [id]))));
}

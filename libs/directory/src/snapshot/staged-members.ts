import type { SnapshotKind, SnapshotMember } from '#model';
import { textDigest } from './digest.js';

/** What a page says about members of one group, each of them once. */
export interface MemberList {
  readonly groupId: string;
  readonly memberKind: SnapshotKind;
  readonly present: boolean;
  readonly memberIds: readonly string[];
}

type Ids = Readonly<Record<SnapshotKind, Set<string>>>;

const KINDS = ['user', 'group'] as const;

/** What a page says about the members of one group: the last word about each. */
export class StagedMembers {
  readonly groupId: string;
  readonly #said: { readonly member: SnapshotMember; readonly present: boolean }[] = [];
  /** As long as the page only shows members: most lists are as before, and what they say need not be worked out. */
  #shown: SnapshotMember[] | undefined = [];

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  show(members: readonly SnapshotMember[]): void {
    if (this.#shown === undefined) this.#say(members, true);
    else this.#shown.push(...members);
  }

  take(member: SnapshotMember): void {
    this.#say(this.#shown ?? [], true);
    this.#shown = undefined;
    this.#say([member], false);
  }

  /** Of the list that is shown, in its order; undefined when the page says anything else about the members. */
  digest(): string | undefined {
    return (
      this.#shown &&
      textDigest(JSON.stringify(this.#shown.map(({ kind, id }) => (kind === 'user' ? id : [id]))))
    );
  }

  lists(): MemberList[] {
    const { present, gone } = this.#ids();
    return KINDS.flatMap((memberKind) => [
      { groupId: this.groupId, memberKind, present: true, memberIds: [...present[memberKind]] },
      { groupId: this.groupId, memberKind, present: false, memberIds: [...gone[memberKind]] },
    ]).filter(({ memberIds }) => memberIds.length > 0);
  }

  #say(members: readonly SnapshotMember[], present: boolean): void {
    for (const member of members) this.#said.push({ member, present });
  }

  #ids(): { readonly present: Ids; readonly gone: Ids } {
    const present = { user: new Set<string>(), group: new Set<string>() };
    const gone = { user: new Set<string>(), group: new Set<string>() };
    for (const { kind, id } of this.#shown ?? []) present[kind].add(id);
    for (const said of this.#said) {
      const { kind, id } = said.member;
      (said.present ? present : gone)[kind].add(id);
      (said.present ? gone : present)[kind].delete(id);
    }
    return { present, gone };
  }
}

import type { SnapshotKind, SnapshotRecord } from '#model';
import { digestOf } from './digest.js';
import { StagedMembers } from './staged-members.js';

/** A record as it is staged; without `content` the source said that it is gone, and there is no digest. */
export interface StagedRecord {
  readonly kind: SnapshotKind;
  readonly sourceId: string;
  readonly digest: string | null;
  readonly content: object | null;
}

/** One page, every thing once: what the statements of the database need. */
export interface StagedPage {
  readonly records: readonly StagedRecord[];
  readonly members: readonly StagedMembers[];
  /** Groups whose whole list of members begins in this page. */
  readonly replaced: readonly string[];
  readonly invalid: readonly { readonly kind: string; readonly sourceId: string }[];
}

/** A page, and how it compares with what is believed. */
export interface PageToWrite {
  readonly page: StagedPage;
  /** Records that have to be staged. */
  readonly differing: readonly StagedRecord[];
  readonly lists: readonly ComparedList[];
}

/** The members that a page shows of a group of which it says nothing else. */
export interface ComparedList {
  readonly groupId: string;
  readonly digest: string;
  /** Absent where the whole list has to be staged. */
  readonly difference?: ListDifference;
}

/** What a list shows other than the memberships that were believed at `version`. */
export interface ListDifference {
  readonly version: string;
  readonly isAsBefore: boolean;
  readonly missing: Readonly<Record<SnapshotKind, readonly string[]>>;
  readonly added: Readonly<Record<SnapshotKind, readonly string[]>>;
}

/**
 * Brings the records of a page to one statement about each thing. In a full listing the first record of an id counts;
 * a feed of changes tells a story, there the last word counts.
 */
export function toStagedPage(records: readonly SnapshotRecord[], mode: 'full' | 'incremental'): StagedPage {
  const page = new PageBuilder(mode);
  for (const record of records) page.add(record);
  return page.build();
}

class PageBuilder {
  readonly #mode: 'full' | 'incremental';
  readonly #records = new Map<string, StagedRecord>();
  readonly #members = new Map<string, StagedMembers>();
  readonly #replaced = new Set<string>();
  readonly #invalid = new Map<string, { kind: string; sourceId: string }>();

  constructor(mode: 'full' | 'incremental') {
    this.#mode = mode;
  }

  add(record: SnapshotRecord): void {
    switch (record.kind) {
      case 'user':
        return this.#put('user', record.user.sourceId, record.user);
      case 'group':
        return this.#put('group', record.group.sourceId, record.group);
      case 'removed':
        return this.#put(record.of, record.id, null);
      case 'members':
        if (record.replaces === true) this.#replace(record.groupId);
        if (record.members.length > 0) this.#of(record.groupId).show(record.members);
        return;
      case 'removed_member':
        return this.#of(record.groupId).take(record.member);
      case 'invalid':
        this.#invalid.set(`${record.of} ${record.id ?? ''}`, { kind: record.of, sourceId: record.id ?? '' });
    }
  }

  build(): StagedPage {
    return {
      records: [...this.#records.values()],
      members: [...this.#members.values()],
      replaced: [...this.#replaced],
      invalid: [...this.#invalid.values()],
    };
  }

  #put(kind: SnapshotKind, sourceId: string, content: object | null): void {
    const key = `${kind} ${sourceId}`;
    const known = this.#records.get(key);
    const isFirstListed = this.#mode === 'full' && known !== undefined && known.content !== null;
    if (isFirstListed) return;
    const digest = content === null ? null : digestOf(content);
    this.#records.set(key, { kind, sourceId, digest, content });
  }

  #of(groupId: string): StagedMembers {
    let members = this.#members.get(groupId);
    if (members === undefined) this.#members.set(groupId, (members = new StagedMembers(groupId)));
    return members;
  }

  #replace(groupId: string): void {
    this.#replaced.add(groupId);
    this.#members.delete(groupId);
  }
}

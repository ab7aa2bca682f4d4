import type { SnapshotKind, SnapshotRecord } from '#model';
import { digestOf } from './digest.js';

/** A record as it is staged; without `record` the source said that it is gone. */
export interface StagedRecord {
  readonly kind: SnapshotKind;
  readonly sourceId: string;
  readonly digest: string | null;
  readonly record: string | null;
}

export interface StagedEdge {
  readonly groupId: string;
  readonly memberKind: SnapshotKind;
  readonly memberId: string;
  readonly present: boolean;
}

/** One page, every thing once: what the statements of the database need. */
export interface StagedPage {
  readonly records: readonly StagedRecord[];
  readonly edges: readonly StagedEdge[];
  /** Groups whose whole list of members begins in this page. */
  readonly replaced: readonly string[];
  readonly invalid: readonly { readonly kind: string; readonly sourceId: string }[];
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
  readonly #edges = new Map<string, StagedEdge>();
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
        for (const { id, kind } of record.members)
          this.#edge({ groupId: record.groupId, memberKind: kind, memberId: id, present: true });
        return;
      case 'removed_member': {
        const { groupId, member } = record;
        return this.#edge({ groupId, memberKind: member.kind, memberId: member.id, present: false });
      }
      case 'invalid':
        this.#invalid.set(`${record.of} ${record.id ?? ''}`, { kind: record.of, sourceId: record.id ?? '' });
    }
  }

  build(): StagedPage {
    return {
      records: [...this.#records.values()],
      edges: [...this.#edges.values()],
      replaced: [...this.#replaced],
      invalid: [...this.#invalid.values()],
    };
  }

  #put(kind: SnapshotKind, sourceId: string, content: object | null): void {
    const key = `${kind} ${sourceId}`;
    const known = this.#records.get(key);
    const isFirstListed = this.#mode === 'full' && known !== undefined && known.record !== null;
    if (isFirstListed) return;
    const record = content === null ? null : JSON.stringify(content);
    this.#records.set(key, { kind, sourceId, digest: content === null ? null : digestOf(content), record });
  }

  #edge(edge: StagedEdge): void {
    this.#edges.set(JSON.stringify([edge.groupId, edge.memberKind, edge.memberId]), edge);
  }

  #replace(groupId: string): void {
    this.#replaced.add(groupId);
    for (const [key, edge] of this.#edges) if (edge.groupId === groupId) this.#edges.delete(key);
  }
}

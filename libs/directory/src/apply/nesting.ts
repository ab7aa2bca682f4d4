import type { MemberPair } from './members.js';

/**
 * Groups in groups as a graph, circles included. Everybody in a group belongs to every group above it.
 */
export class Nesting {
  readonly #parents: ReadonlyMap<string, readonly string[]>;
  readonly #children: ReadonlyMap<string, readonly string[]>;

  /** @param edges `member` is the id of the group that is a member of `groupId`. */
  constructor(edges: readonly MemberPair[]) {
    this.#parents = adjacency(edges, ({ member, groupId }) => [member, groupId]);
    this.#children = adjacency(edges, ({ member, groupId }) => [groupId, member]);
  }

  get isEmpty(): boolean {
    return this.#children.size === 0;
  }

  /** The groups and all that contain them, however far up. */
  above(groupIds: readonly string[]): Set<string> {
    return reach(groupIds, this.#parents);
  }

  /** The group and all that it contains, however far down. */
  below(groupId: string): Set<string> {
    return reach([groupId], this.#children);
  }
}

function adjacency(
  edges: readonly MemberPair[],
  toEntry: (edge: MemberPair) => readonly [from: string, to: string],
): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const edge of edges) {
    const [from, to] = toEntry(edge);
    const known = map.get(from);
    if (known) known.push(to);
    else map.set(from, [to]);
  }
  return map;
}

/** A set in the order in which its elements were put in, so a circle ends where it began. */
function reach(from: readonly string[], next: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set(from);
  for (const id of reached) for (const other of next.get(id) ?? []) reached.add(other);
  return reached;
}

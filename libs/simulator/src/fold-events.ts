import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** An event as a webhook or the feed carries it. */
export interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: JsonObject;
  readonly created_at: string;
  /** Absent for events of the environment. */
  readonly directory_id?: string;
  readonly sequence: number;
}

/** The state of one directory as its events tell it. */
export interface FoldedDirectory {
  /** By id, in the wire form of events. */
  readonly users: ReadonlyMap<string, JsonObject>;
  readonly groups: ReadonlyMap<string, JsonObject>;
  /** `membershipKey` of each. */
  readonly memberships: ReadonlySet<string>;
  readonly deleted: boolean;
}

interface Folding {
  readonly users: Map<string, JsonObject>;
  readonly groups: Map<string, JsonObject>;
  readonly memberships: Set<string>;
  deleted: boolean;
}

/**
 * What a consumer does who keeps a copy of the directories: put the events of each directory in the order of their
 * `sequence`, drop the duplicates, apply one after the other. Memberships end with their own event, except that
 * `dsync.group.deleted` and `dsync.deleted` end those of the group and of the directory.
 */
export function foldEvents(events: Iterable<ReceivedEvent>): Map<string, FoldedDirectory> {
  const streams = new Map<string, Map<number, ReceivedEvent>>();
  for (const event of events) {
    if (event.directory_id === undefined) continue;
    const stream = streams.get(event.directory_id) ?? new Map<number, ReceivedEvent>();
    streams.set(event.directory_id, stream.set(event.sequence, event));
  }
  return new Map(
    [...streams].map(([directoryId, stream]) => [directoryId, foldStream([...stream.values()])]),
  );
}

/** Names one person in one group. */
export function membershipKey(groupId: string, userId: string): string {
  return `${groupId} ${userId}`;
}

function foldStream(events: readonly ReceivedEvent[]): FoldedDirectory {
  const state: Folding = { users: new Map(), groups: new Map(), memberships: new Set(), deleted: false };
  for (const event of events.toSorted((a, b) => a.sequence - b.sequence)) apply(state, event);
  return state;
}

function apply(state: Folding, { event, data }: ReceivedEvent): void {
  switch (event) {
    case 'dsync.user.created':
    case 'dsync.user.updated':
      state.users.set(idOf(data), current(data));
      return;
    case 'dsync.user.deleted':
      state.users.delete(idOf(data));
      return;
    case 'dsync.group.created':
    case 'dsync.group.updated':
      state.groups.set(idOf(data), current(data));
      return;
    case 'dsync.group.deleted':
      state.groups.delete(idOf(data));
      dropMemberships(state, idOf(data));
      return;
    case 'dsync.group.user_added':
      state.memberships.add(membershipOf(data));
      return;
    case 'dsync.group.user_removed':
      state.memberships.delete(membershipOf(data));
      return;
    case 'dsync.deleted':
      state.users.clear();
      state.groups.clear();
      state.memberships.clear();
      state.deleted = true;
      return;
    default:
  }
}

function dropMemberships(state: Folding, groupId: string): void {
  const prefix = membershipKey(groupId, '');
  for (const key of state.memberships) if (key.startsWith(prefix)) state.memberships.delete(key);
}

function current(data: JsonObject): JsonObject {
  const { previous_attributes: _previous, ...state } = data;
  return state;
}

function membershipOf(data: JsonObject): string {
  return membershipKey(idOf(data['group']), idOf(data['user']));
}

function idOf(value: JsonValue | undefined): string {
  const id = isJsonObject(value) ? value['id'] : undefined;
  if (typeof id !== 'string')
    throw new TypeError(`An event carries an object without id: ${JSON.stringify(value)}`);
  return id;
}

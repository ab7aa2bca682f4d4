import type { SearchResult } from '#directory';
import type { Change, ChangeResult, DirectoryGroup, DirectoryUser, GroupUpdate, UserInput } from '#model';
import type { ScimPorts, ScimReader, ScimStore } from '../http/ports.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';

/** A change that a request asked for. Without `result` it was refused. */
export interface ObservedChange {
  readonly change: Change;
  /** What the update found under the lock, and what it made of it. */
  userUpdate?: { readonly before: DirectoryUser; readonly wanted: UserInput };
  groupUpdate?: { readonly before: DirectoryGroup; readonly wanted: GroupUpdate };
  result?: ChangeResult;
}

/** A search and how much it found; `only` is the one hit where there is exactly one. */
export interface ObservedSearch {
  readonly resourceType: ResourceTypeName;
  readonly total: number;
  readonly only: DirectoryUser | DirectoryGroup | undefined;
}

/** What a request did to the store and learnt from it. */
export interface Observation {
  readonly changes: ObservedChange[];
  readonly searches: ObservedSearch[];
  readonly reads: (DirectoryUser | DirectoryGroup)[];
}

export function emptyObservation(): Observation {
  return { changes: [], searches: [], reads: [] };
}

/** The same ports, for one request, with everything that goes through them noted in `observation`. */
export function observePorts(ports: ScimPorts, observation: Observation): ScimPorts {
  return {
    access: ports.access,
    store: observedStore(ports.store, observation),
    reader: observedReader(ports.reader, observation),
  };
}

function observedStore(store: ScimStore, { changes }: Observation): ScimStore {
  return {
    apply: async (ref, change) => {
      const observed: ObservedChange = { change };
      changes.push(observed);
      observed.result = await store.apply(ref, observedChange(change, observed));
      return observed.result;
    },
  };
}

function observedChange(change: Change, observed: ObservedChange): Change {
  switch (change.kind) {
    case 'update_user': {
      const update = (before: DirectoryUser): UserInput => {
        const wanted = change.update(before);
        observed.userUpdate = { before, wanted };
        return wanted;
      };
      return { ...change, update };
    }
    case 'update_group': {
      const update = (before: DirectoryGroup): GroupUpdate => {
        const wanted = change.update(before);
        observed.groupUpdate = { before, wanted };
        return wanted;
      };
      return { ...change, update };
    }
    default:
      return change;
  }
}

function observedReader(reader: ScimReader, { searches, reads }: Observation): ScimReader {
  const search = async <T extends DirectoryUser | DirectoryGroup>(
    resourceType: ResourceTypeName,
    found: Promise<SearchResult<T>>,
  ): Promise<SearchResult<T>> => {
    const result = await found;
    const { total, items } = result;
    searches.push({ resourceType, total, only: total === 1 ? items[0] : undefined });
    return result;
  };
  const read = async <T extends DirectoryUser | DirectoryGroup>(
    found: Promise<T | undefined>,
  ): Promise<T | undefined> => {
    const resource = await found;
    if (resource !== undefined) reads.push(resource);
    return resource;
  };
  return {
    findUser: (ref, id) => read(reader.findUser(ref, id)),
    findGroup: (ref, id) => read(reader.findGroup(ref, id)),
    searchUsers: (ref, wanted) => search('User', reader.searchUsers(ref, wanted)),
    searchGroups: (ref, wanted) => search('Group', reader.searchGroups(ref, wanted)),
    membersOf: (ref, ids) => reader.membersOf(ref, ids),
    hasMoreMembersThan: (ref, id, count) => reader.hasMoreMembersThan(ref, id, count),
    groupsOf: (ref, ids) => reader.groupsOf(ref, ids),
  };
}

import { InWork, type InWorkLimits } from './in-work.js';
import type { ScimReader } from './ports.js';

/*
 * A process has 16 database connections. The writes of a directory use one of them, whatever arrives, because the store
 * gathers them into one transaction; its reads get four more at most. So one directory with slow lists of huge groups
 * leaves two thirds of the connections to the others.
 *
 * Processor time is the scarcer good: an answer with 100 000 members takes a good part of a second in which nobody else is
 * served. Members are read for one request of a directory at a time, with a rest after a large answer; without it, 32
 * readers of one huge group made everybody else wait for ten seconds.
 */
const LIMITS: InWorkLimits = { running: 4, waiting: 1_000 };
const LARGE_MEMBER_COUNT = 2_000;

/** A reader on which no directory can take all database connections for itself. */
export function fairReader(reader: ScimReader, limits: InWorkLimits = LIMITS): ScimReader {
  const inWork = new InWork(limits);
  const memberships = new InWork({ ...limits, running: 1 });
  return {
    findUser: (ref, id) => inWork.run(ref.directoryId, () => reader.findUser(ref, id)),
    findGroup: (ref, id) => inWork.run(ref.directoryId, () => reader.findGroup(ref, id)),
    // Look-ups by user name of all directories share a connection, and are done in no time.
    searchUsers: (ref, search) =>
      search.where?.userNameKey === undefined
        ? inWork.run(ref.directoryId, () => reader.searchUsers(ref, search))
        : reader.searchUsers(ref, search),
    searchGroups: (ref, search) => inWork.run(ref.directoryId, () => reader.searchGroups(ref, search)),
    membersOf: (ref, groupIds) =>
      memberships.run(
        ref.directoryId,
        () => inWork.run(ref.directoryId, () => reader.membersOf(ref, groupIds)),
        isLarge,
      ),
    hasMoreMembersThan: (ref, groupId, count) =>
      inWork.run(ref.directoryId, () => reader.hasMoreMembersThan(ref, groupId, count)),
    groupsOf: (ref, userIds) => inWork.run(ref.directoryId, () => reader.groupsOf(ref, userIds)),
  };
}

function isLarge(members: ReadonlyMap<string, readonly unknown[]>): boolean {
  let count = 0;
  for (const each of members.values()) count += each.length;
  return count >= LARGE_MEMBER_COUNT;
}

import { InWork, type InWorkLimits } from './in-work.js';
import type { ScimReader } from './ports.js';

/*
 * A process has 16 database connections. The writes of a directory use one of them, whatever arrives, because the store
 * gathers them into one transaction; its reads get four more at most. So one directory with slow lists of huge groups
 * leaves two thirds of the connections to the others.
 */
const LIMITS: InWorkLimits = { running: 4, waiting: 1_000 };

/** A reader on which no directory can take all database connections for itself. */
export function fairReader(reader: ScimReader, limits: InWorkLimits = LIMITS): ScimReader {
  const inWork = new InWork(limits);
  return {
    findUser: (ref, id) => inWork.run(ref.directoryId, () => reader.findUser(ref, id)),
    findGroup: (ref, id) => inWork.run(ref.directoryId, () => reader.findGroup(ref, id)),
    searchUsers: (ref, search) => inWork.run(ref.directoryId, () => reader.searchUsers(ref, search)),
    searchGroups: (ref, search) => inWork.run(ref.directoryId, () => reader.searchGroups(ref, search)),
    membersOf: (ref, groupIds) => inWork.run(ref.directoryId, () => reader.membersOf(ref, groupIds)),
    groupsOf: (ref, userIds) => inWork.run(ref.directoryId, () => reader.groupsOf(ref, userIds)),
  };
}

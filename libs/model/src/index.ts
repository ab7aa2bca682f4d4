export { keysetScan, toPage, type KeysetScan, type Page, type PageOrder, type PageRequest } from './page.js';
export type { Email, StateReason, UserInput, DirectoryUser } from './user.js';
export type { GroupInput, DirectoryGroup, GroupMember, MemberOperation, NamedMembers } from './group.js';
export type { Change, ChangeEvent, ChangeResult, GroupUpdate } from './change.js';
export {
  DIRECTORY_TYPES,
  type CredentialKind,
  type Directory,
  type DirectoryPause,
  type DirectoryState,
} from './directory.js';
export type { Organization, OrganizationDomain } from './organization.js';
export {
  EVENT_TYPES,
  eventBody,
  type EventType,
  type NewEvent,
  type MembershipEvent,
  type EventEnvelope,
} from './event.js';
export {
  directoryUserText,
  directoryUserWire,
  directoryGroupWire,
  directoryWire,
  eventDirectoryWire,
  activatedDirectoryWire,
  organizationWire,
  organizationDomainWire,
  type DirectoryUserText,
} from './wire.js';
export type {
  SnapshotCoverage,
  SnapshotFinding,
  SnapshotGroup,
  SnapshotKind,
  SnapshotMember,
  SnapshotMembership,
  SnapshotRecord,
  SnapshotUser,
  UpcomingState,
} from './snapshot.js';

export type { BatchOptions, Fence, RemovalMode } from './apply/batch-options.js';
export { DirectoryStore, type ChangeOutcome } from './apply/directory-store.js';
export type { DirectoryStoreOptions } from './apply/transaction.js';
export type { DirectoryRef } from './apply/head.js';
export * from './guard/index.js';
export { Holds, type HoldsOptions } from './holds/holds.js';
export { GuardPolicies, type PolicyInput } from './holds/guard-policies.js';
export type { HoldDetails, HoldItem } from './holds/hold-reader.js';
export { holdWire, type Hold, type HoldCounts } from './holds/hold-rows.js';
export { Restores, type RestoreSelector, type Restored } from './holds/restores.js';
export {
  DirectoryReader,
  FIRST_SEARCH_PARAMETER,
  type Search,
  type SearchResult,
  type SqlCondition,
} from './query/directory-reader.js';
export type { UserGroup } from './query/user-groups.js';
export { DirectoryLists, type GroupListRequest, type UserListRequest } from './query/directory-lists.js';
export {
  AccessTokens,
  API_SCOPES,
  CONTROL_ENTITIES,
  Directories,
  DirectoryAuthorizations,
  DirectoryConnections,
  DirectoryAccess,
  DirectoryTokens,
  daysLeft,
  Environments,
  ExpiryNotices,
  LONGEST_OVERLAP_HOURS,
  OAuthClients,
  Organizations,
  type AccessedDirectory,
  type ApiKey,
  type ApiKeyIdentity,
  type ApiScope,
  type ConnectionFailure,
  type ConnectionFence,
  type ConsentRequested,
  type ControlOptions,
  type CreatedApiKey,
  type CreatedDirectory,
  type CreatedDirectoryToken,
  type DirectoryChanges,
  type DirectoryCounts,
  type DirectoryListRequest,
  type DirectoryToken,
  type DomainInput,
  type Environment,
  type IssuedAccessToken,
  type NewApiKey,
  type NewDirectory,
  type NewOrganization,
  type OAuthClient,
  type OrganizationChanges,
  type OrganizationListRequest,
  type PauseRequest,
  type RotatedToken,
  type Rotation,
} from './control/index.js';
export { findKnownPeople, type KnownPerson } from './query/known-people.js';
export { createRunGuard } from './snapshot/run-guard.js';
export { refreshStatistics } from './snapshot/growth.js';
export { Snapshots } from './snapshot/snapshots.js';
export type {
  RunFacts,
  RunGuard,
  SnapshotItem,
  SnapshotReport,
  SnapshotRun,
  SnapshotStore,
} from './snapshot/snapshot.js';

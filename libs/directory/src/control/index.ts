export { API_SCOPES, type ApiScope } from './api-scopes.js';
export type { ApiKey, ApiKeyIdentity, CreatedApiKey, NewApiKey } from './api-keys.js';
export { Environments, type Environment } from './environments.js';
export type { ControlOptions } from './control-log.js';
export type { DomainInput } from './domain-set.js';
export type { NewOrganization, OrganizationChanges } from './organization-store.js';
export { Organizations, type OrganizationListRequest } from './organizations.js';
export {
  Directories,
  type CreatedDirectory,
  type DirectoryChanges,
  type DirectoryCounts,
  type DirectoryListRequest,
  type NewDirectory,
} from './directories.js';
export type { PauseRequest } from './directory-pauses.js';
export {
  DirectoryTokens,
  LONGEST_OVERLAP_HOURS,
  type DirectoryToken,
  type RotatedToken,
  type Rotation,
} from './directory-tokens.js';
export { OAuthClients, type OAuthClient } from './oauth-clients.js';
export { AccessTokens, type IssuedAccessToken } from './access-tokens.js';
export { ExpiryNotices } from './expiry-notices.js';
export { daysLeft } from './expiry-stages.js';
export type { CreatedDirectoryToken } from './issue-token.js';
export { DirectoryAccess, type AccessedDirectory } from './directory-access.js';
export { CONTROL_ENTITIES } from '../entities/index.js';
export { DirectoryAuthorizations, type ConsentRequested } from './directory-authorizations.js';
export {
  DirectoryConnections,
  type ConnectionFailure,
  type ConnectionFence,
} from './directory-connections.js';

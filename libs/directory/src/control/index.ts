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
  type DirectoryCounts,
  type DirectoryListRequest,
  type NewDirectory,
} from './directories.js';
export { DirectoryTokens, type DirectoryToken } from './directory-tokens.js';
export type { CreatedDirectoryToken } from './issue-token.js';
export { DirectoryAccess } from './directory-access.js';
export { CONTROL_ENTITIES } from '../entities/index.js';
export {
  DirectoryConnections,
  type ConnectionFailure,
  type ConnectionFence,
} from './directory-connections.js';

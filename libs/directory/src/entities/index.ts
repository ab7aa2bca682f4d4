import { ApiKeyEntity } from './api-key.entity.js';
import { DirectoryTokenEntity } from './directory-token.entity.js';
import { DirectoryEntity } from './directory.entity.js';
import { EnvironmentEntity } from './environment.entity.js';
import { OrganizationDomainEntity } from './organization-domain.entity.js';
import { OrganizationEntity } from './organization.entity.js';

export {
  ApiKeyEntity,
  DirectoryEntity,
  DirectoryTokenEntity,
  EnvironmentEntity,
  OrganizationDomainEntity,
  OrganizationEntity,
};

/** Entities that the data source of the control plane must know. */
export const CONTROL_ENTITIES = [
  EnvironmentEntity,
  ApiKeyEntity,
  OrganizationEntity,
  OrganizationDomainEntity,
  DirectoryEntity,
  DirectoryTokenEntity,
];

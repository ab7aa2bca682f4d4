import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from 'typeorm';
import { InvalidInputError } from '#kernel';
import type { Organization, OrganizationDomain } from '#model';
import { OrganizationEntity } from '../entities/index.js';
import { checkExternalId, checkName, isStorable, mergeMetadata, notFound } from './checks.js';
import { loadDomains, type DomainInput } from './domain-set.js';

/** What can be said about an organization; absent means unchanged. */
export interface OrganizationChanges {
  readonly name?: string;
  /** The whole set. */
  readonly domains?: readonly DomainInput[];
  /** Null clears. */
  readonly externalId?: string | null;
  /** Null deletes a key, keys that are not named stay. */
  readonly metadata?: Readonly<Record<string, string | null>>;
  /** Null clears. */
  readonly stripeCustomerId?: string | null;
}

export type NewOrganization = OrganizationChanges & { readonly name: string };

/** The columns that a change can reach. */
export type OrganizationColumns = Pick<Organization, 'name' | 'externalId' | 'stripeCustomerId' | 'metadata'>;

/** @throws NotFoundError */
export async function loadOrganization(
  manager: EntityManager,
  environmentId: string,
  id: string,
): Promise<Organization> {
  const entity = isStorable(id) ? await manager.findOneBy(OrganizationEntity, { environmentId, id }) : null;
  if (!entity) throw notFound('Organization', id);
  return toOrganization(entity, await loadDomains(manager, environmentId, [id]));
}

/** Adds to each organization its domains. */
export async function withDomains(
  manager: EntityManager,
  environmentId: string,
  entities: readonly OrganizationEntity[],
): Promise<Organization[]> {
  const ids = entities.map(({ id }) => id);
  const domains = Map.groupBy(
    await loadDomains(manager, environmentId, ids),
    (domain) => domain.organizationId,
  );
  return entities.map((entity) => toOrganization(entity, domains.get(entity.id) ?? []));
}

/** Columns after the changes, checked. */
export function mergeColumns(
  current: OrganizationColumns,
  changes: OrganizationChanges,
): OrganizationColumns {
  checkExternalId(changes.externalId);
  return {
    name: changes.name === undefined ? current.name : checkName(changes.name),
    externalId: changes.externalId === undefined ? current.externalId : changes.externalId,
    stripeCustomerId:
      changes.stripeCustomerId === undefined ? current.stripeCustomerId : changes.stripeCustomerId,
    metadata: mergeMetadata(current.metadata, changes.metadata ?? {}),
  };
}

export function isSame(organization: Organization, columns: OrganizationColumns): boolean {
  const { name, externalId, stripeCustomerId, metadata } = organization;
  return isDeepStrictEqual({ name, externalId, stripeCustomerId, metadata }, columns);
}

/** @throws InvalidInputError when another organization has this external id; the caller holds the environment's lock. */
export async function refuseTakenExternalId(
  manager: EntityManager,
  organization: Pick<Organization, 'environmentId' | 'id'>,
  externalId: string | null,
): Promise<void> {
  if (externalId === null) return;
  const { environmentId, id } = organization;
  const owner = await manager.findOneBy(OrganizationEntity, { environmentId, externalId });
  if (!owner || owner.id === id) return;
  const message = `The external_id "${externalId}" is already used by another organization.`;
  throw new InvalidInputError(message, {
    code: 'external_id_already_used',
    problems: [{ field: 'external_id', message }],
  });
}

function toOrganization(entity: OrganizationEntity, domains: readonly OrganizationDomain[]): Organization {
  const { id, environmentId, name, externalId, stripeCustomerId, metadata, createdAt, updatedAt } = entity;
  return { id, environmentId, name, externalId, stripeCustomerId, metadata, domains, createdAt, updatedAt };
}

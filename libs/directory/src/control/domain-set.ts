import { In, type EntityManager } from 'typeorm';
import { ConflictError, newId } from '#kernel';
import { organizationDomainWire, type EventType, type NewEvent, type OrganizationDomain } from '#model';
import { OrganizationDomainEntity } from '../entities/index.js';
import { checkDomain } from './checks.js';
import { randomSlug } from './random-slug.js';

export interface DomainInput {
  readonly domain: string;
  /** Absent: what it is already, `pending` for a new one. */
  readonly state?: 'pending' | 'verified';
}

/** Whose domains are changed, and when. */
export interface DomainOwner {
  readonly environmentId: string;
  readonly organizationId: string;
  readonly now: string;
}

/** A domain after its change (before it, for a deletion), and the event that says so. */
export interface DomainChange {
  readonly domain: OrganizationDomain;
  readonly event: NewEvent;
}

/** Makes `wanted` the whole set of an organization's domains; the caller holds the environment's lock. */
export async function replaceDomains(
  manager: EntityManager,
  owner: DomainOwner,
  wanted: readonly DomainInput[],
): Promise<NewEvent[]> {
  const states = new Map(wanted.map(({ domain, state }) => [checkDomain(domain), state]));
  const current = await loadDomains(manager, owner.environmentId, [owner.organizationId]);
  const known = new Set(current.map(({ domain }) => domain));
  const added = [...states.keys()].filter((domain) => !known.has(domain));
  await refuseTaken(manager, owner.environmentId, added);
  const events: NewEvent[] = [];
  for (const domain of current) {
    const state = states.get(domain.domain);
    if (!states.has(domain.domain)) events.push((await deleteDomain(manager, domain)).event);
    else if (state !== undefined && state !== domain.state)
      events.push((await changeState(manager, domain, { state, now: owner.now })).event);
  }
  for (const domain of added)
    events.push((await insertDomain(manager, owner, { domain, state: states.get(domain) })).event);
  return events;
}

/** Adds one domain, pending verification unless it says otherwise. */
export async function addDomain(
  manager: EntityManager,
  owner: DomainOwner,
  input: DomainInput,
): Promise<DomainChange> {
  const domain = checkDomain(input.domain);
  await refuseTaken(manager, owner.environmentId, [domain]);
  return insertDomain(manager, owner, { ...input, domain });
}

export async function deleteDomain(
  manager: EntityManager,
  domain: OrganizationDomain,
): Promise<DomainChange> {
  const { environmentId, id } = domain;
  await manager.delete(OrganizationDomainEntity, { environmentId, id });
  return change('organization_domain.deleted', domain);
}

export async function changeState(
  manager: EntityManager,
  domain: OrganizationDomain,
  to: { readonly state: 'pending' | 'verified'; readonly now: string },
): Promise<DomainChange> {
  const { environmentId, id } = domain;
  const changed = { ...proof(to.state), updatedAt: to.now };
  await manager.update(OrganizationDomainEntity, { environmentId, id }, changed);
  const type = to.state === 'verified' ? 'organization_domain.verified' : 'organization_domain.updated';
  return change(type, { ...domain, ...changed });
}

/** Domains of several organizations, each organization's oldest first. */
export async function loadDomains(
  manager: EntityManager,
  environmentId: string,
  organizationIds: readonly string[],
): Promise<OrganizationDomain[]> {
  if (organizationIds.length === 0) return [];
  return manager.find(OrganizationDomainEntity, {
    where: { environmentId, organizationId: In([...organizationIds]) },
    order: { id: 'ASC' },
  });
}

async function insertDomain(
  manager: EntityManager,
  owner: DomainOwner,
  input: DomainInput,
): Promise<DomainChange> {
  const { environmentId, organizationId, now } = owner;
  const domain: OrganizationDomain = {
    environmentId,
    id: newId('org_domain'),
    organizationId,
    domain: input.domain,
    ...proof(input.state ?? 'pending'),
    createdAt: now,
    updatedAt: now,
  };
  await manager.insert(OrganizationDomainEntity, domain);
  return change('organization_domain.created', domain);
}

function change(type: EventType, domain: OrganizationDomain): DomainChange {
  return { domain, event: { type, data: organizationDomainWire(domain) } };
}

async function refuseTaken(
  manager: EntityManager,
  environmentId: string,
  domains: readonly string[],
): Promise<void> {
  if (domains.length === 0) return;
  const taken = await manager.findOneBy(OrganizationDomainEntity, {
    environmentId,
    domain: In([...domains]),
  });
  if (taken) throw new ConflictError(`An Organization with the domain ${taken.domain} already exists.`);
}

/** Whoever says that a domain is verified has looked himself; everybody else proves it by a DNS record. */
function proof(
  state: 'pending' | 'verified',
): Pick<OrganizationDomain, 'state' | 'verificationStrategy' | 'verificationToken'> {
  if (state === 'verified') return { state, verificationStrategy: 'manual', verificationToken: null };
  return { state, verificationStrategy: 'dns', verificationToken: randomSlug(25) };
}

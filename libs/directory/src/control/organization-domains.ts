import type { DataSource, EntityManager } from 'typeorm';
import { InvalidInputError, type Clock } from '#kernel';
import type { OrganizationDomain } from '#model';
import { OrganizationDomainEntity } from '../entities/index.js';
import { isStorable, notFound } from './checks.js';
import { ControlLog, type ControlOptions, type Outcome } from './control-log.js';
import { addDomain, changeState, deleteDomain, type DomainChange } from './domain-set.js';
import { loadOrganization } from './organization-store.js';

/** Single domains of organizations. */
export class OrganizationDomains {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #log: ControlLog;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
  }

  get(environmentId: string, id: string): Promise<OrganizationDomain> {
    return loadDomain(this.#dataSource.manager, environmentId, id);
  }

  /** Adds a domain that still has to be verified. */
  add(environmentId: string, organizationId: string, domain: string): Promise<OrganizationDomain> {
    return this.#log.write({ environmentId }, async (manager) => {
      await loadOrganization(manager, environmentId, organizationId);
      const owner = { environmentId, organizationId, now: this.#now() };
      return outcome(await addDomain(manager, owner, { domain }));
    });
  }

  /** Takes the caller's word for it. */
  verify(environmentId: string, id: string): Promise<OrganizationDomain> {
    return this.#log.write({ environmentId }, async (manager) => {
      const domain = await loadDomain(manager, environmentId, id);
      if (domain.state === 'verified' || domain.state === 'legacy_verified')
        throw new InvalidInputError(`The domain ${domain.domain} is already verified.`, {
          code: 'domain_already_verified',
        });
      return outcome(await changeState(manager, domain, { state: 'verified', now: this.#now() }));
    });
  }

  async remove(environmentId: string, id: string): Promise<void> {
    await this.#log.write({ environmentId }, async (manager) =>
      outcome(await deleteDomain(manager, await loadDomain(manager, environmentId, id))),
    );
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}

async function loadDomain(
  manager: EntityManager,
  environmentId: string,
  id: string,
): Promise<OrganizationDomain> {
  const found = isStorable(id)
    ? await manager.findOneBy(OrganizationDomainEntity, { environmentId, id })
    : null;
  if (!found) throw notFound('Organization domain', id);
  return found;
}

function outcome({ domain, event }: DomainChange): Outcome<OrganizationDomain> {
  return { result: domain, organizationId: domain.organizationId, events: [event] };
}

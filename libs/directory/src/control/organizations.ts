import { IsNull, type DataSource } from 'typeorm';
import { newId, NotFoundError, RetryableError, type Clock } from '#kernel';
import {
  organizationWire,
  type NewEvent,
  type Organization,
  type OrganizationDomain,
  type Page,
  type PageRequest,
} from '#model';
import { DirectoryEntity, OrganizationEntity } from '../entities/index.js';
import { isStorable, notFound } from './checks.js';
import { ControlLog, type ControlOptions, type Outcome } from './control-log.js';
import { Directories } from './directories.js';
import { replaceDomains } from './domain-set.js';
import { OrganizationDomains } from './organization-domains.js';
import {
  isSame,
  loadOrganization,
  mergeColumns,
  refuseTakenExternalId,
  withDomains,
  type NewOrganization,
  type OrganizationChanges,
} from './organization-store.js';
import { checkText, containsPattern, readPage } from './read-page.js';

/** Filters of a list of organizations. */
export interface OrganizationListRequest extends PageRequest {
  /** Any of them. */
  readonly domains?: readonly string[];
  /** Part of the name. */
  readonly search?: string;
}

const REMOVAL_ROUNDS = 5;

/** Our customer's customers and their domains. Every change stands as an event in the environment's stream. */
export class Organizations {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #log: ControlLog;
  readonly #directories: Directories;
  readonly #domains: OrganizationDomains;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
    this.#directories = new Directories(dataSource, clock, options);
    this.#domains = new OrganizationDomains(dataSource, clock, options);
  }

  async list(environmentId: string, request: OrganizationListRequest): Promise<Page<Organization>> {
    const query = this.#dataSource
      .getRepository(OrganizationEntity)
      .createQueryBuilder('organization')
      .where('organization.environmentId = :environmentId', { environmentId });
    if (request.domains !== undefined && request.domains.length > 0)
      query.andWhere(
        `organization.id IN (SELECT organization_id FROM organization_domains
          WHERE environment_id = :environmentId AND domain IN (:...domains))`,
        { domains: request.domains.map((domain) => checkText('domains', domain.toLowerCase())) },
      );
    if (request.search !== undefined)
      query.andWhere('organization.name ILIKE :pattern', { pattern: containsPattern(request.search) });
    const page = await readPage(query, request);
    return { ...page, data: await withDomains(this.#dataSource.manager, environmentId, page.data) };
  }

  get(environmentId: string, id: string): Promise<Organization> {
    return loadOrganization(this.#dataSource.manager, environmentId, id);
  }

  async getByExternalId(environmentId: string, externalId: string): Promise<Organization> {
    const { manager } = this.#dataSource;
    const found = isStorable(externalId)
      ? await manager.findOneBy(OrganizationEntity, { environmentId, externalId })
      : null;
    if (!found) throw notFound('Organization', externalId);
    return loadOrganization(manager, environmentId, found.id);
  }

  create(environmentId: string, input: NewOrganization): Promise<Organization> {
    return this.#log.write({ environmentId }, async (manager) => {
      const now = this.#clock.now().toISOString();
      const organization = { environmentId, id: newId('org') };
      const columns = mergeColumns(
        { name: '', externalId: null, stripeCustomerId: null, metadata: {} },
        input,
      );
      await refuseTakenExternalId(manager, organization, columns.externalId);
      await manager.insert(OrganizationEntity, {
        ...organization,
        ...columns,
        createdAt: now,
        updatedAt: now,
      });
      const owner = { environmentId, organizationId: organization.id, now };
      const domainEvents = await replaceDomains(manager, owner, input.domains ?? []);
      const created = await loadOrganization(manager, environmentId, organization.id);
      return outcome(created, [
        { type: 'organization.created', data: organizationWire(created) },
        ...domainEvents,
      ]);
    });
  }

  /** Changes what is named. No event, and no new `updatedAt`, when that is how it was already. */
  update(environmentId: string, id: string, changes: OrganizationChanges): Promise<Organization> {
    return this.#log.write({ environmentId }, async (manager) => {
      const now = this.#clock.now().toISOString();
      const before = await loadOrganization(manager, environmentId, id);
      const columns = mergeColumns(before, changes);
      await refuseTakenExternalId(manager, before, columns.externalId);
      const domainEvents =
        changes.domains === undefined
          ? []
          : await replaceDomains(manager, { environmentId, organizationId: id, now }, changes.domains);
      if (isSame(before, columns) && domainEvents.length === 0) return outcome(before, []);
      await manager.update(OrganizationEntity, { environmentId, id }, { ...columns, updatedAt: now });
      const after = await loadOrganization(manager, environmentId, id);
      return outcome(after, [
        { type: 'organization.updated', data: organizationWire(after) },
        ...domainEvents,
      ]);
    });
  }

  /** Removes first its directories, each in a transaction of its own, then the organization with its domains. */
  async remove(environmentId: string, id: string): Promise<void> {
    await this.get(environmentId, id);
    for (let round = 0; round < REMOVAL_ROUNDS; round += 1) {
      await this.#removeDirectories(environmentId, id);
      if (await this.#removeEmpty(environmentId, id)) return;
    }
    throw new RetryableError('Directories of this organization keep being created. Remove it again later.');
  }

  /** Adds a domain that still has to be verified. */
  addDomain(environmentId: string, organizationId: string, domain: string): Promise<OrganizationDomain> {
    return this.#domains.add(environmentId, organizationId, domain);
  }

  getDomain(environmentId: string, domainId: string): Promise<OrganizationDomain> {
    return this.#domains.get(environmentId, domainId);
  }

  /** @throws InvalidInputError code `domain_already_verified` */
  verifyDomain(environmentId: string, domainId: string): Promise<OrganizationDomain> {
    return this.#domains.verify(environmentId, domainId);
  }

  removeDomain(environmentId: string, domainId: string): Promise<void> {
    return this.#domains.remove(environmentId, domainId);
  }

  /** @returns false when a directory was created meanwhile. */
  #removeEmpty(environmentId: string, id: string): Promise<boolean> {
    return this.#log.write({ environmentId }, async (manager) => {
      // Waits for a directory that is just being created here, and makes the next one wait.
      await manager.findOne(OrganizationEntity, {
        where: { environmentId, id },
        lock: { mode: 'pessimistic_write' },
      });
      const organization = await loadOrganization(manager, environmentId, id);
      const live = { environmentId, organizationId: id, deletedAt: IsNull() };
      if (await manager.existsBy(DirectoryEntity, live))
        return { result: false, organizationId: id, events: [] };
      await manager.delete(OrganizationEntity, { environmentId, id });
      const event: NewEvent = { type: 'organization.deleted', data: organizationWire(organization) };
      return { result: true, organizationId: id, events: [event] };
    });
  }

  async #removeDirectories(environmentId: string, organizationId: string): Promise<void> {
    const live = await this.#dataSource.manager.find(DirectoryEntity, {
      where: { environmentId, organizationId, deletedAt: IsNull() },
      order: { id: 'ASC' },
    });
    for (const { id } of live) {
      try {
        await this.#directories.remove(environmentId, id);
      } catch (error) {
        // Somebody else removed it first, which is what we want too.
        if (!(error instanceof NotFoundError)) throw error;
      }
    }
  }
}

function outcome(organization: Organization, events: readonly NewEvent[]): Outcome<Organization> {
  return { result: organization, organizationId: organization.id, events };
}

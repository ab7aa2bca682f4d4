import { IsNull, type DataSource, type EntityManager } from 'typeorm';
import { createStream } from '#events';
import { newId, type Clock, type JsonObject, type Queryable } from '#kernel';
import {
  activatedDirectoryWire,
  eventDirectoryWire,
  type Directory,
  type Page,
  type PageRequest,
} from '#model';
import { DirectoryEntity, DirectoryTokenEntity, OrganizationEntity } from '../entities/index.js';
import { checkName, isStorable, notFound } from './checks.js';
import { asQueryable, ControlLog, type ControlOptions } from './control-log.js';
import { DirectoryPauses, type PauseRequest } from './directory-pauses.js';
import { DirectoryPurge } from './directory-purge.js';
import { loadDirectory, lockDirectory, toDirectory, withKeys } from './directory-store.js';
import { loadDomains } from './domain-set.js';
import { insertToken } from './issue-token.js';
import { randomSlug } from './random-slug.js';
import { checkText, containsPattern, readPage } from './read-page.js';

/** A directory to create. `dialect` is set for SCIM, `provider` for a polled source. */
export interface NewDirectory {
  readonly organizationId: string;
  readonly name: string;
  readonly type: string;
  readonly dialect: string | null;
  readonly provider: string | null;
  readonly config?: JsonObject;
  /** Name of the token for a polled directory whose files are uploaded; without it such a directory gets none. */
  readonly tokenName?: string;
  /** A polled directory that nobody has consented to yet: nothing can be tried before somebody has. */
  readonly isUnlinked?: boolean;
  /** What else belongs to the new directory (credentials, schedule), in the same transaction. */
  readonly alongside?: (tx: Queryable, directory: Directory) => Promise<void>;
}

export interface CreatedDirectory {
  readonly directory: Directory;
  /** The first token, whose secret can be seen here only; null for a polled source. */
  readonly token: { readonly id: string; readonly secret: string } | null;
}

/** Filters of a list of directories. */
export interface DirectoryListRequest extends PageRequest {
  readonly organizationId?: string;
  /** Part of the name. */
  readonly search?: string;
  /** A domain of its organization. */
  readonly domain?: string;
}

/** What to change of a directory; what is absent stays. */
export interface DirectoryChanges {
  readonly name?: string;
  /** Keys of the configuration: what is named is replaced, null removes it, everything else stays. */
  readonly config?: JsonObject;
  /** Both together: the type says of what kind the dialect is. */
  readonly kind?: { readonly type: string; readonly dialect: string };
  /** Runs in the same transaction, before. */
  readonly alongside?: (tx: Queryable) => Promise<void>;
}

export interface DirectoryCounts {
  readonly activeUsers: number;
  readonly inactiveUsers: number;
  readonly groups: number;
}

/** Directories from their creation to the purge of what they held. */
export class Directories {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #log: ControlLog;
  readonly #purge: DirectoryPurge;
  readonly #pauses: DirectoryPauses;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
    this.#purge = new DirectoryPurge(dataSource);
    this.#pauses = new DirectoryPauses(this.#log, clock);
  }

  async list(environmentId: string, request: DirectoryListRequest): Promise<Page<Directory>> {
    const query = this.#dataSource
      .getRepository(DirectoryEntity)
      .createQueryBuilder('directory')
      .where('directory.environmentId = :environmentId AND directory.deletedAt IS NULL', { environmentId });
    if (request.organizationId !== undefined)
      query.andWhere('directory.organizationId = :organizationId', {
        organizationId: checkText('organization_id', request.organizationId),
      });
    if (request.domain !== undefined)
      query.andWhere(
        `directory.organizationId IN (SELECT organization_id FROM organization_domains
          WHERE environment_id = :environmentId AND domain = :domain)`,
        { domain: checkText('domain', request.domain.toLowerCase()) },
      );
    if (request.search !== undefined)
      query.andWhere('directory.name ILIKE :pattern', { pattern: containsPattern(request.search) });
    const page = await readPage(query, request);
    return { ...page, data: page.data.map(toDirectory) };
  }

  /** @throws NotFoundError, for a deleted directory too. */
  get(environmentId: string, id: string): Promise<Directory> {
    return loadDirectory(this.#dataSource.manager, environmentId, id);
  }

  create(environmentId: string, input: NewDirectory): Promise<CreatedDirectory> {
    const id = newId('directory');
    return this.#log.write<CreatedDirectory>({ environmentId, directoryId: id }, async (manager) => {
      await holdOrganization(manager, environmentId, input.organizationId);
      const now = this.#clock.now();
      const directory = newDirectory({ environmentId, id, now: now.toISOString() }, input);
      await manager.insert(DirectoryEntity, directory);
      await createStream(asQueryable(manager), { environmentId, streamId: id });
      await input.alongside?.(asQueryable(manager), directory);
      const { organizationId } = directory;
      const { tokenName } = input;
      if (directory.dialect === null && tokenName === undefined)
        return { result: { directory, token: null }, organizationId, events: [] };
      const { token, event } = await insertToken(manager, directory, {
        kind: 'bearer',
        now,
        ...(tokenName !== undefined && { name: tokenName }),
      });
      const result = { directory, token: { id: token.id, secret: token.secret } };
      return { result, organizationId, events: [event] };
    });
  }

  /** Changes what is named. `alongside` runs in the same transaction, before. */
  update(environmentId: string, id: string, changes: DirectoryChanges): Promise<Directory> {
    return this.#dataSource.transaction(async (manager) => {
      const current = await lockDirectory(manager, environmentId, id);
      await changes.alongside?.(asQueryable(manager));
      const { name = current.name, config = {} } = changes;
      if (Object.values(changes).every((change) => change === undefined)) return current;
      const updatedAt = this.#clock.now().toISOString();
      const values = {
        ...changes.kind,
        name: checkName(name),
        config: withKeys(current.config, config),
        updatedAt,
      };
      await manager.update(DirectoryEntity, { environmentId, id }, values);
      return { ...current, ...values };
    });
  }

  /**
   * Takes nothing in from the source until it is resumed; what the directory holds stays readable.
   * @throws ConflictError reason `state` when it is paused already, or the other way round.
   */
  pause(environmentId: string, id: string, request: PauseRequest): Promise<Directory> {
    return this.#pauses.pause(environmentId, id, request);
  }

  resume(environmentId: string, id: string): Promise<Directory> {
    return this.#pauses.resume(environmentId, id);
  }

  /** Hides the directory and revokes its tokens; what it held is purged later. */
  async remove(environmentId: string, id: string): Promise<void> {
    await this.#log.write({ environmentId, directoryId: id }, async (manager) => {
      const directory = await loadDirectory(manager, environmentId, id);
      const now = this.#clock.now().toISOString();
      await manager.update(
        DirectoryEntity,
        { environmentId, id },
        { state: 'deleting', deletedAt: now, updatedAt: now },
      );
      const live = { environmentId, directoryId: id, revokedAt: IsNull() };
      await manager.update(DirectoryTokenEntity, live, { revokedAt: now });
      return {
        result: undefined,
        organizationId: directory.organizationId,
        events: [{ type: 'dsync.deleted', data: eventDirectoryWire(directory) }],
      };
    });
  }

  /**
   * Deletes at most `limit` rows of what deleted directories held, then the directories themselves. Their events stay.
   * @returns whether more remains.
   */
  purgeDeleted(limit: number): Promise<boolean> {
    return this.#purge.run(limit);
  }

  /** The first authenticated request of an IdP links the directory, and says so once. */
  async markConnected(directory: Directory): Promise<Directory> {
    if (directory.state !== 'unlinked') return directory;
    const { environmentId, id } = directory;
    return this.#log.write({ environmentId, directoryId: id }, async (manager) => {
      const current = await loadDirectory(manager, environmentId, id);
      const { organizationId } = current;
      // Of several first requests only one finds it unlinked: the lock lets them in one by one.
      if (current.state !== 'unlinked') return { result: current, organizationId, events: [] };
      const linked: Directory = { ...current, state: 'linked', updatedAt: this.#clock.now().toISOString() };
      const { state, updatedAt } = linked;
      await manager.update(DirectoryEntity, { environmentId, id }, { state, updatedAt });
      const domains = await loadDomains(manager, environmentId, [organizationId]);
      const data = activatedDirectoryWire(linked, domains);
      return { result: linked, organizationId, events: [{ type: 'dsync.activated', data }] };
    });
  }

  /** How much the directory holds. */
  async counts(environmentId: string, id: string): Promise<DirectoryCounts> {
    await this.get(environmentId, id);
    const rows: DirectoryCounts[] = await this.#dataSource.query(COUNTS, [environmentId, id]);
    const { activeUsers, inactiveUsers, groups } = rows[0] as DirectoryCounts;
    return { activeUsers, inactiveUsers, groups };
  }

  /** The oldest domain of each organization that has one. */
  async firstDomains(
    environmentId: string,
    organizationIds: readonly string[],
  ): Promise<Map<string, string>> {
    const domains = await loadDomains(this.#dataSource.manager, environmentId, organizationIds);
    // Oldest last, so that it is the one that stays in the map.
    return new Map(domains.toReversed().map(({ organizationId, domain }) => [organizationId, domain]));
  }
}

const COUNTS = `
SELECT count(*) FILTER (WHERE active) AS "activeUsers",
  count(*) FILTER (WHERE NOT active) AS "inactiveUsers",
  (SELECT count(*) FROM directory_groups
    WHERE environment_id = $1 AND directory_id = $2 AND deleted_at IS NULL) AS "groups"
FROM directory_users
WHERE environment_id = $1 AND directory_id = $2 AND deleted_at IS NULL`;

/** The organization cannot be removed until the transaction ends. */
async function holdOrganization(manager: EntityManager, environmentId: string, id: string): Promise<void> {
  const found = isStorable(id)
    ? await manager.findOne(OrganizationEntity, {
        where: { environmentId, id },
        lock: { mode: 'for_key_share' },
      })
    : null;
  if (!found) throw notFound('Organization', id);
}

function newDirectory(
  created: { readonly environmentId: string; readonly id: string; readonly now: string },
  input: NewDirectory,
): Directory {
  return {
    environmentId: created.environmentId,
    id: created.id,
    organizationId: input.organizationId,
    name: checkName(input.name),
    type: input.type,
    dialect: input.dialect,
    provider: input.provider,
    externalKey: randomSlug(16),
    state: input.dialect === null && input.isUnlinked !== true ? 'validating' : 'unlinked',
    config: input.config ?? {},
    detectedDialect: null,
    pause: null,
    createdAt: created.now,
    updatedAt: created.now,
  };
}

import { ConflictError, NotFoundError, newId, type Clock, type Database, type SecretBox } from '#kernel';
import { planPage, toPage, type Page, type PageRequest } from '../paging.js';
import { newSigningSecret } from '../signing/secret.js';
import { checkEndpointInput } from './endpoint-input.js';
import { toEndpoint, sealHeaders, secretContext } from './endpoint-row.js';
import * as sql from './endpoint-sql.js';
import {
  DEFAULT_CONCURRENCY,
  type NewWebhookEndpoint,
  type RotatedSecret,
  type WebhookEndpoint,
  type WebhookEndpointUpdate,
} from './webhook-endpoint.js';

const DAY_SECONDS = 86_400;

/** Throws InvalidInputError code `invalid_url` when we would never send to this address. */
export interface EndpointUrlCheck {
  checkEndpointUrl(url: string): Promise<void>;
}

interface Dependencies {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  readonly outbound: EndpointUrlCheck;
}

/** The webhook endpoints of an environment and their signing secrets. */
export class WebhookEndpoints {
  readonly #deps: Dependencies;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  async list(environmentId: string, page: PageRequest): Promise<Page<WebhookEndpoint>> {
    const rows = await this.#deps.database.query<sql.PagedEndpointRow>(
      sql.listEndpoints(environmentId, planPage(page, 'we')),
    );
    const ends = { older: rows[0]?.older ?? false, newer: rows[0]?.newer ?? false };
    return toPage(
      rows.map((row) => toEndpoint(this.#deps.secretBox, row)),
      ends,
      page.order,
    );
  }

  /** @throws NotFoundError also for an endpoint of another environment. */
  async get(environmentId: string, id: string): Promise<WebhookEndpoint> {
    const [row] = await this.#deps.database.query<sql.PagedEndpointRow>(sql.getEndpoint(environmentId, id));
    if (!row) throw notFound(id);
    return toEndpoint(this.#deps.secretBox, row);
  }

  /** The only answer that carries the secret. Events that happened before are not sent. */
  async create(environmentId: string, input: NewWebhookEndpoint): Promise<WebhookEndpoint> {
    checkEndpointInput(input);
    await this.#deps.outbound.checkEndpointUrl(input.endpointUrl);
    const id = newId('we');
    const secret = newSigningSecret();
    const now = this.#deps.clock.now();
    await this.#refusingDuplicates(input.endpointUrl, async () => {
      await this.#deps.database.transaction(async (tx) => {
        await tx.query(
          sql.insertEndpoint({
            environmentId,
            id,
            now,
            input,
            concurrency: input.concurrency ?? DEFAULT_CONCURRENCY,
            customHeaders: sealHeaders(
              this.#deps.secretBox,
              { environmentId, id },
              input.customHeaders ?? {},
            ),
          }),
        );
        await tx.query(sql.insertSecret(this.#seal(environmentId, id, secret), now));
        await tx.query(sql.insertLeaseAndLanes(environmentId, id));
      });
    });
    return { ...(await this.get(environmentId, id)), secret };
  }

  /** Enabling also forgets the reason of the disabling and the failures before it; the backlog is delivered. */
  async update(environmentId: string, id: string, update: WebhookEndpointUpdate): Promise<WebhookEndpoint> {
    checkEndpointInput(update);
    if (update.endpointUrl !== undefined) await this.#deps.outbound.checkEndpointUrl(update.endpointUrl);
    const customHeaders =
      update.customHeaders === undefined
        ? undefined
        : sealHeaders(this.#deps.secretBox, { environmentId, id }, update.customHeaders);
    const now = this.#deps.clock.now();
    const rows = await this.#refusingDuplicates(update.endpointUrl ?? '', () =>
      this.#deps.database.query<sql.PagedEndpointRow>(
        sql.updateEndpoint({ environmentId, id, now, update, customHeaders }),
      ),
    );
    if (!rows[0]) throw notFound(id);
    return toEndpoint(this.#deps.secretBox, rows[0]);
  }

  /** Ends all sending at once; what was attempted stays readable. */
  async remove(environmentId: string, id: string): Promise<void> {
    const removed = await this.#deps.database.transaction(async (tx) => {
      // The lease first, as a recording worker locks it: in the other order the two could block each other.
      await tx.query(sql.lockLease(environmentId, id));
      return tx.query(sql.deleteEndpoint(environmentId, id));
    });
    if (removed.length === 0) throw notFound(id);
  }

  /** A new secret signs from now on; the older ones sign beside it for `overlapSeconds` (default one day). */
  async rotateSecret(
    environmentId: string,
    id: string,
    options: { readonly overlapSeconds?: number } = {},
  ): Promise<RotatedSecret> {
    await this.get(environmentId, id);
    const secret = newSigningSecret();
    const now = this.#deps.clock.now();
    const expiresAt = new Date(now.getTime() + (options.overlapSeconds ?? DAY_SECONDS) * 1_000);
    const sealed = this.#seal(environmentId, id, secret);
    const [row] = await this.#deps.database.query(sql.rotateSecret(sealed, now, expiresAt));
    if (!row)
      throw new ConflictError(
        'This endpoint has too many secrets that are still valid. Wait for one to expire.',
        {
          reason: 'state',
          code: 'too_many_secrets',
        },
      );
    return { secret, previousExpiresAt: expiresAt.toISOString() };
  }

  /** The newest signing secret in clear. */
  async revealSecret(environmentId: string, id: string): Promise<string> {
    const [row] = await this.#deps.database.query<{ id: string; sealed: string }>(
      sql.newestSecret(environmentId, id),
    );
    if (!row) throw notFound(id);
    return this.#deps.secretBox.open(row.sealed, secretContext(environmentId, id, row.id));
  }

  #seal(environmentId: string, endpointId: string, secret: string): sql.SealedSecret {
    const id = newId('webhook_secret');
    const sealed = this.#deps.secretBox.seal(secret, secretContext(environmentId, endpointId, id));
    return { environmentId, endpointId, id, sealed };
  }

  async #refusingDuplicates<T>(url: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if ((error as { constraint?: string }).constraint !== 'webhook_endpoints_url') throw error;
      throw new ConflictError(`There is already a webhook endpoint with the URL ${url}.`, {
        code: 'duplicate_endpoint',
        cause: error,
      });
    }
  }
}

function notFound(id: string): NotFoundError {
  return new NotFoundError(`Webhook endpoint not found: '${id}'.`, { entityId: id });
}

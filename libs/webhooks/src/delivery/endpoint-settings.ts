import type { Database, SecretBox } from '#kernel';
import {
  ENDPOINT_COLUMNS,
  openHeaders,
  secretContext,
  toEndpoint,
  type EndpointRow,
} from '../endpoints/endpoint-row.js';
import type { WebhookEndpoint } from '../endpoints/webhook-endpoint.js';
import type { Outbound, OutboundTarget } from '../outbound/outbound.js';
import { Signer } from '../signing/signer.js';

/** Everything that sending for an endpoint needs, opened and ready. */
export interface EndpointSettings {
  readonly endpoint: WebhookEndpoint;
  readonly isOrdered: boolean;
  readonly concurrency: number;
  readonly signer: Signer;
  readonly target: OutboundTarget;
  /** Flat list of the headers that do not change between attempts. */
  readonly headers: readonly string[];
  /** Rows in the retry set, counted up to a limit. */
  readonly retries: number;
  /** Equal texts mean equal settings. */
  readonly fingerprint: string;
}

interface SettingsRow extends EndpointRow {
  readonly retries: number;
  readonly secrets:
    { readonly id: string; readonly sealed: string; readonly expires: number | null }[] | null;
}

interface Dependencies {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly outbound: Outbound;
}

/** Counting further than this tells nothing new. */
export const RETRY_COUNT_LIMIT = 10_000;

const FIXED_HEADERS = [
  'content-type',
  'application/json',
  'accept-encoding',
  'identity',
  'user-agent',
  'Rollcall-Webhooks/1',
];

/** Loads settings of enabled endpoints; a disabled or deleted one is simply not in the answer. */
export class EndpointSettingsLoader {
  readonly #deps: Dependencies;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** @param known settings already held, kept (without decrypting anything) where nothing has changed. */
  async load(
    keys: readonly { readonly environmentId: string; readonly endpointId: string }[],
    known: ReadonlyMap<string, EndpointSettings> = new Map(),
  ): Promise<Map<string, EndpointSettings>> {
    const rows = await this.#deps.database.query<SettingsRow>({
      name: 'webhook_settings',
      text: SETTINGS_SQL,
      values: [keys.map((key) => key.environmentId), keys.map((key) => key.endpointId)],
    });
    return new Map(rows.map((row) => [row.id, this.#refresh(row, known.get(row.id))]));
  }

  #refresh(row: SettingsRow, known: EndpointSettings | undefined): EndpointSettings {
    const { retries, ...rest } = row;
    const fingerprint = JSON.stringify(rest);
    const target = this.#deps.outbound.target(row.id, row.endpoint_url, row.concurrency);
    if (known?.fingerprint === fingerprint) return { ...known, target, retries };
    return { ...this.#open(row, fingerprint), target, retries };
  }

  #open(row: SettingsRow, fingerprint: string): Omit<EndpointSettings, 'target' | 'retries'> {
    const secrets = (row.secrets ?? []).map((secret) => ({
      secret: this.#deps.secretBox.open(secret.sealed, secretContext(row.environment_id, row.id, secret.id)),
      expiresAt: secret.expires,
    }));
    return {
      endpoint: toEndpoint(this.#deps.secretBox, row),
      isOrdered: row.ordering === 'directory',
      concurrency: row.concurrency,
      signer: new Signer(secrets),
      headers: [...FIXED_HEADERS, ...Object.entries(openHeaders(this.#deps.secretBox, row)).flat()],
      fingerprint,
    };
  }
}

const SETTINGS_SQL = `
  SELECT ${ENDPOINT_COLUMNS}, retries.n::int AS retries, secrets.list AS secrets
  FROM unnest($1::text[], $2::text[]) AS k (environment_id, id)
  JOIN webhook_endpoints w ON w.environment_id = k.environment_id AND w.id = k.id AND w.status = 'enabled'
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('id', s.id, 'sealed', s.sealed,
      'expires', extract(epoch FROM s.expires_at) * 1000) ORDER BY s.id) AS list
    FROM webhook_secrets s WHERE s.environment_id = k.environment_id AND s.endpoint_id = k.id) secrets
  CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (
      SELECT FROM webhook_retries r WHERE r.environment_id = k.environment_id AND r.endpoint_id = k.id
      LIMIT ${RETRY_COUNT_LIMIT}) counted) retries`;

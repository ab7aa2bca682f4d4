import type { JsonObject } from '#kernel';
import type { ConnectorRegistry } from '../providers/registry.js';
import { awaitsConsent } from '../sdk/consent.js';

/** What tells whether a directory `d` has anything to sign in with; no secret is opened. */
export const CONSENT_COLUMNS = `d.provider, d.config, ARRAY(SELECT c.field FROM directory_credentials c
  WHERE c.environment_id = d.environment_id AND c.directory_id = d.id) AS credentials`;

export interface ConsentRow {
  readonly provider: string | null;
  readonly config: JsonObject;
  /** Fields whose secrets are stored. */
  readonly credentials: readonly string[];
}

/** Whether an admin has to consent before anything can be read. */
export function waitsForConsent(registry: ConnectorRegistry, row: ConsentRow): boolean {
  const manifest = registry.find(row.provider)?.manifest;
  const stored = Object.fromEntries(row.credentials.map((field) => [field, 'stored']));
  return manifest !== undefined && awaitsConsent(manifest, { ...row.config, ...stored });
}

import { createHash } from 'node:crypto';
import type { Database, JsonObject, SecretBox } from '#kernel';
import { awaitsConsent } from '../sdk/consent.js';
import type { Connector } from '../sdk/contract.js';
import type { FormField } from '../sdk/manifest.js';
import { SourceError } from '../sdk/source-error.js';

/** Names a directory. */
export interface DirectoryKey {
  readonly environmentId: string;
  readonly directoryId: string;
}

/** A directory's settings as its connector reads them, secrets opened. */
export interface ConnectionSettings {
  readonly config: unknown;
  /** Changes with everything that changes what the source answers; secrets do not. */
  readonly fingerprint: string;
}

interface SettingsRow {
  readonly config: JsonObject;
  readonly secrets: Readonly<Record<string, string>> | null;
}

/** Where a directory's secrets belong: a sealed value moved to another row opens nothing. */
export function sealContext(key: DirectoryKey, field: string): [string, string, string] {
  return [key.environmentId, key.directoryId, field];
}

/** @throws SourceError `consent_missing` while nobody has consented to what the connection signs in with. */
export function checkConsent({ manifest }: Connector, answers: JsonObject): void {
  if (awaitsConsent(manifest, answers))
    throw new SourceError('consent_missing', 'The connection waits for the consent of an admin.');
}

/** Opens what a run needs to connect. @throws SourceError `config_error` when the settings do not fit the connector; `consent_missing`. */
export async function loadSettings(
  parts: { readonly database: Database; readonly secretBox: SecretBox },
  key: DirectoryKey,
  connector: Connector,
): Promise<ConnectionSettings> {
  const [row] = await parts.database.query<SettingsRow>({
    name: 'sync_settings',
    text: `SELECT d.config, (SELECT json_object_agg(c.field, c.sealed) FROM directory_credentials c
        WHERE c.environment_id = d.environment_id AND c.directory_id = d.id) AS secrets
      FROM directories d WHERE d.environment_id = $1 AND d.id = $2 AND d.deleted_at IS NULL`,
    values: [key.environmentId, key.directoryId],
  });
  if (!row) throw new SourceError('config_error', 'The directory was deleted.');
  const { form, id } = connector.manifest;
  const secrets = Object.fromEntries(
    Object.entries(row.secrets ?? {}).map(([field, sealed]) => [
      field,
      parts.secretBox.open(sealed, sealContext(key, field)),
    ]),
  );
  const answers = { ...answersOf(form, row.config), ...secrets };
  checkConsent(connector, answers);
  try {
    return { config: connector.readConfig(answers), fingerprint: fingerprintOf(id, form, row.config) };
  } catch (cause) {
    throw new SourceError('config_error', `The settings do not fit: ${(cause as Error).message}`, { cause });
  }
}

/** Of the settings that are no secrets, whatever their order. */
export function fingerprintOf(connectorId: string, form: readonly FormField[], config: JsonObject): string {
  const answers = answersOf(form, config);
  const ordered = Object.keys(answers)
    .sort()
    .map((name) => [name, answers[name]]);
  return createHash('sha256')
    .update(JSON.stringify([connectorId, ordered]))
    .digest('hex');
}

function answersOf(form: readonly FormField[], config: JsonObject): JsonObject {
  return Object.fromEntries(
    form.flatMap((field) =>
      field.secret || config[field.key] === undefined ? [] : [[field.key, config[field.key] ?? null]],
    ),
  );
}

import type { CreatedDirectory, Directories } from '#directory';
import { ConflictError, InvalidInputError, type JsonObject, type Queryable } from '#kernel';
import type { Directory } from '#model';
import type { ConnectorRegistry } from '../providers/registry.js';
import { asIfConsented, awaitsConsent, consentPlan, formBeforeConsent } from '../sdk/consent.js';
import type { Connector } from '../sdk/contract.js';
import { readForm } from '../sdk/read-form.js';
import {
  checkOwnSettings,
  DIRECTORY_SETTINGS,
  refuseUnknownCredentials,
  underCredentials,
} from './answer-problems.js';
import { fingerprintOf, type DirectoryKey } from './connection-settings.js';
import type { Credentials, Secrets, StoredCredential } from './credentials.js';

export interface ConnectionsParts {
  readonly registry: ConnectorRegistry;
  readonly directories: Directories;
  readonly credentials: Credentials;
}

export interface NewConnection {
  readonly organizationId: string;
  readonly name: string;
  readonly provider: string;
  /** Answers to the connector's form, and settings of the directory. */
  readonly config: JsonObject;
}

interface Answers {
  readonly config: JsonObject;
  readonly secrets: Secrets;
  /** The refresh token comes later, from an admin's consent: until then there is nothing to run with. */
  readonly awaitsConsent: boolean;
}

/** Directories that are polled: their settings by the connector's form, their secrets apart. */
export class Connections {
  readonly #parts: ConnectionsParts;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  /** @throws InvalidInputError with one problem per field. */
  create(environmentId: string, input: NewConnection): Promise<CreatedDirectory> {
    checkOwnSettings(input.config);
    const connector = this.#parts.registry.get(input.provider);
    const { config, secrets, awaitsConsent: awaits } = readAnswers(connector, input.config);
    const isUploaded = connector.uploads?.isOn(config) === true;
    return this.#parts.directories.create(environmentId, {
      organizationId: input.organizationId,
      name: input.name,
      type: connector.manifest.directoryType,
      dialect: null,
      provider: input.provider,
      config,
      ...(isUploaded && { tokenName: 'Upload token' }),
      ...(awaits && { isUnlinked: true }),
      alongside: async (tx, directory) => {
        const key = { environmentId, directoryId: directory.id };
        await this.#parts.credentials.write(tx, key, { secrets, form: connector.manifest.form });
        await tx.query({
          // Without a file or a consent there is nothing to read; the first one starts the first run.
          text: `INSERT INTO sync_schedules (environment_id, directory_id, needs_approval, due_at)
            VALUES ($1, $2, $3, CASE WHEN $4 THEN 'infinity' ELSE now() END)`,
          values: [environmentId, directory.id, config['auto_apply'] !== true, isUploaded || awaits],
        });
      },
    });
  }

  /**
   * Changes the settings and secrets that are named; null takes an answer back. Settings that change what the source
   * answers make the next run a whole one that waits for approval, and end the one that is under way.
   */
  async changeSettings(
    environmentId: string,
    id: string,
    changes: { readonly name?: string; readonly config: JsonObject },
  ): Promise<Directory> {
    checkOwnSettings(changes.config);
    const { directory, connector, key } = await this.#load(environmentId, id);
    const known = await this.#parts.credentials.open(key);
    const stored = knownTo(connector, directory.config);
    const {
      config,
      secrets,
      awaitsConsent: awaits,
    } = readAnswers(connector, withoutNull({ ...stored, ...known, ...changes.config }));
    const given = Object.fromEntries(
      Object.entries(secrets).filter(([field, value]) => value !== known[field]),
    );
    const { form } = connector.manifest;
    const isOther =
      fingerprintOf(connector.manifest.id, form, config) !==
      fingerprintOf(connector.manifest.id, form, directory.config);
    return this.#parts.directories.update(environmentId, id, {
      ...(changes.name !== undefined && { name: changes.name }),
      config: namedKeys(changes.config, { form, config }),
      alongside: async (tx) => {
        await this.#parts.credentials.write(tx, key, { secrets: given, form });
        if (isOther) await startAnew(tx, key, awaits);
        else if (!awaits && awaitsConsent(connector.manifest, { ...stored, ...known }))
          await tryAtOnce(tx, key);
        // Said again together with the change, it covers the change.
        if (changes.config['auto_apply'] === true) await approveAlways(tx, key);
      },
    });
  }

  /** Replaces some of the secrets while everything runs; the directory is tried at once with the new ones. */
  async changeCredentials(
    environmentId: string,
    id: string,
    answers: JsonObject,
  ): Promise<StoredCredential[]> {
    const { directory, connector, key } = await this.#load(environmentId, id);
    const { form } = connector.manifest;
    refuseUnknownCredentials(connector, answers);
    const known = await this.#parts.credentials.open(key);
    const { secrets, awaitsConsent: awaits } = underCredentials(answers, () =>
      readAnswers(connector, { ...directory.config, ...known, ...answers }),
    );
    const given = Object.fromEntries(Object.keys(answers).map((field) => [field, secrets[field] ?? '']));
    await this.#parts.directories.update(environmentId, id, {
      alongside: async (tx) => {
        await this.#parts.credentials.write(tx, key, { secrets: given, form });
        if (!awaits) await tryAtOnce(tx, key);
      },
    });
    return this.#parts.credentials.list(key);
  }

  /** @throws NotFoundError; ConflictError for a directory that is not polled. */
  async credentials(environmentId: string, id: string): Promise<StoredCredential[]> {
    const { key } = await this.#load(environmentId, id);
    return this.#parts.credentials.list(key);
  }

  /** Settings as they would be with these answers, for a check before they are stored. */
  async settingsWith(
    environmentId: string,
    id: string,
    answers: JsonObject,
  ): Promise<{ readonly directory: Directory; readonly connector: Connector; readonly answers: JsonObject }> {
    const { directory, connector, key } = await this.#load(environmentId, id);
    const known = await this.#parts.credentials.open(key);
    return { directory, connector, answers: { ...directory.config, ...known, ...answers } };
  }

  async #load(
    environmentId: string,
    id: string,
  ): Promise<{ readonly directory: Directory; readonly connector: Connector; readonly key: DirectoryKey }> {
    const directory = await this.#parts.directories.get(environmentId, id);
    if (directory.provider === null) throw notPolled();
    const connector = this.#parts.registry.get(directory.provider);
    return { directory, connector, key: { environmentId, directoryId: id } };
  }
}

/** A directory that an IdP pushes to has no runs and no credentials of ours. */
export function notPolled(): ConflictError {
  return new ConflictError('This directory receives SCIM requests from its IdP; nothing is polled for it.', {
    reason: 'state',
  });
}

/** Reads answers and parts them: what is shown and what is sealed. @throws InvalidInputError */
export function readAnswers(connector: Connector, answers: JsonObject): Answers {
  const { form } = connector.manifest;
  const known = settingsOf(connector);
  const unknown = Object.keys(answers).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new InvalidInputError('Validation failed', {
      problems: unknown.map((name) => ({
        field: `config.${name}`,
        message: `"${name.slice(0, 80)}" is no setting of this source. It has: ${[...known].join(', ')}.`,
      })),
    });
  const values = readForm(formBeforeConsent(connector.manifest, answers), answers);
  connector.readConfig(asIfConsented(connector.manifest, values));
  const awaits = awaitsConsent(connector.manifest, values);
  // Says now what would be missing when the link is made.
  if (awaits) consentPlan(connector.manifest, values);
  const isSecret = (name: string): boolean => form.some((field) => field.key === name && field.secret);
  const entries = Object.entries(values);
  const own = Object.entries(answers).filter(([name]) => DIRECTORY_SETTINGS.includes(name));
  return {
    config: Object.fromEntries([...own, ...entries.filter(([name]) => !isSecret(name))]),
    secrets: Object.fromEntries(
      entries.filter(([name]) => isSecret(name)).map(([name, value]) => [name, value as string]),
    ),
    awaitsConsent: awaits,
  };
}

function settingsOf({ manifest }: Connector): Set<string> {
  return new Set([...manifest.form.map((field) => field.key), ...DIRECTORY_SETTINGS]);
}

/** What is stored and the form (no longer) asks for stands in nobody's way. */
function knownTo(connector: Connector, config: JsonObject): JsonObject {
  const keys = settingsOf(connector);
  return Object.fromEntries(Object.entries(config).filter(([key]) => keys.has(key)));
}

function withoutNull(answers: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== null));
}

/** What to store: the form as it reads now, and of our own settings those that were named; others may change meanwhile. */
function namedKeys(
  named: JsonObject,
  { form, config }: { readonly form: Connector['manifest']['form']; readonly config: JsonObject },
): JsonObject {
  const keys = [
    ...form.filter((field) => !field.secret).map((field) => field.key),
    ...DIRECTORY_SETTINGS.filter((key) => Object.hasOwn(named, key)),
  ];
  return Object.fromEntries(keys.map((key) => [key, config[key] ?? null]));
}

async function approveAlways(tx: Queryable, key: DirectoryKey): Promise<void> {
  await tx.query({
    text: 'UPDATE sync_schedules SET needs_approval = false WHERE environment_id = $1 AND directory_id = $2',
    values: [key.environmentId, key.directoryId],
  });
}

async function startAnew(tx: Queryable, key: DirectoryKey, awaits: boolean): Promise<void> {
  await tx.query({
    text: `UPDATE sync_schedules SET needs_approval = true, next_full_at = now(), failures = 0,
        due_at = CASE WHEN paused AND active_run_id IS NULL THEN due_at WHEN $3 THEN 'infinity' ELSE now() END,
        -- Whatever the run that is under way comes to, it knew the old settings.
        read_again_at = CASE WHEN active_run_id IS NULL THEN read_again_at ELSE '-infinity' END
      WHERE environment_id = $1 AND directory_id = $2`,
    values: [key.environmentId, key.directoryId, awaits],
  });
  await tx.query({
    text: `UPDATE sync_runs r SET cancel_requested_at = now(), revision = revision + 1
      FROM sync_schedules s
      WHERE s.environment_id = $1 AND s.directory_id = $2 AND r.environment_id = $1 AND r.directory_id = $2
        AND r.id = s.active_run_id AND r.finished_at IS NULL AND r.status <> 'applying'`,
    values: [key.environmentId, key.directoryId],
  });
}

/** What waits for somebody's approval goes on waiting. */
export async function tryAtOnce(tx: Queryable, key: DirectoryKey): Promise<void> {
  await tx.query({
    text: `UPDATE sync_schedules s SET failures = 0, due_at = now()
      WHERE environment_id = $1 AND directory_id = $2 AND NOT paused
        AND NOT EXISTS (SELECT FROM sync_runs r WHERE r.environment_id = $1 AND r.directory_id = $2
          AND r.id = s.active_run_id AND r.status = 'awaiting_approval')`,
    values: [key.environmentId, key.directoryId],
  });
}

import { authorizationProblem } from './consent.js';
import type { Connector } from './contract.js';
import type { ConnectorManifest, FormField } from './manifest.js';

/** Checks a connector's data when its folder is loaded. @throws Error that says what to correct. */
export function defineConnector<Config>(connector: Connector<Config>): Connector<Config> {
  checkManifest(connector.manifest);
  return connector;
}

function checkManifest(manifest: ConnectorManifest): void {
  const { id, form, capabilities, intervals } = manifest;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)) throw new Error(`Connector id "${id}" is not kebab-case`);
  const keys = form.map((field) => field.key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new Error(`Connector "${id}" asks for "${twice}" twice`);
  for (const field of form) {
    const problem = fieldProblem(field, keys);
    if (problem !== undefined) throw new Error(`Field "${field.key}" of connector "${id}" ${problem}`);
  }
  const consent = authorizationProblem(manifest);
  if (consent !== undefined) throw new Error(`The authorization of connector "${id}" ${consent}`);
  if (capabilities.incremental !== (intervals.incremental !== null))
    throw new Error(
      `Connector "${id}" needs an incremental interval if it runs incrementally, and only then`,
    );
}

function fieldProblem(field: FormField, keys: readonly string[]): string | undefined {
  if (!/^[a-z][a-z0-9_]*$/.test(field.key)) return 'is not snake_case';
  if (field.help.trim() === '') return 'has no help text';
  if (field.type === 'choice' && !field.choices?.length) return 'has no choices';
  const { when } = field;
  return when === undefined || keys.includes(when.key)
    ? secretProblem(field)
    : `depends on "${when.key}", which is not asked`;
}

function secretProblem({ secret, rotates, type }: FormField): string | undefined {
  if (secret && !['string', 'text'].includes(type)) return 'is a secret and no text';
  return rotates === true && !secret ? 'rotates and is no secret' : undefined;
}

import type { ConnectorRegistry } from '#connectors';
import { InvalidInputError } from '#kernel';

/**
 * Which connector a new directory is to be polled by; undefined for one that receives SCIM. `provider` names it, or
 * `type` does: by its id, or by the type that REST shows where only one connector has that.
 * @throws InvalidInputError when there is no such connector, several fit, or a dialect is named as well
 */
export function resolveProvider(
  request: {
    readonly type: string;
    readonly provider?: string | undefined;
    readonly dialect?: string | undefined;
  },
  registry: ConnectorRegistry,
): string | undefined {
  const provider = request.provider ?? providerOfType(request.type, registry);
  if (provider === undefined) return undefined;
  const connector = registry.find(provider);
  if (connector === undefined)
    throw badField('provider', `"${provider}" is no connector. ${listOf(registry)}`);
  if (request.dialect !== undefined)
    throw badField('dialect', 'A directory is polled or receives SCIM. Leave the dialect out.');
  const { id, directoryType } = connector.manifest;
  if (request.type !== id && request.type !== directoryType)
    throw badField('type', `The connector "${id}" makes directories of the type "${directoryType}".`);
  return provider;
}

/** A type with SCIM in its name is one that receives, unless a provider says otherwise. */
function providerOfType(type: string, registry: ConnectorRegistry): string | undefined {
  if (registry.find(type) !== undefined) return type;
  if (type.includes(' scim ')) return undefined;
  const fitting = registry.all().filter(({ manifest }) => manifest.directoryType === type);
  if (fitting.length > 1)
    throw badField(
      'provider',
      `Several connectors make directories of the type "${type}": ${fitting.map(({ manifest }) => manifest.id).join(', ')}. Name one.`,
    );
  return fitting[0]?.manifest.id;
}

function listOf(registry: ConnectorRegistry): string {
  const ids = registry.all().map(({ manifest }) => manifest.id);
  return ids.length === 0 ? 'This version has none.' : `The connectors are ${ids.join(', ')}.`;
}

function badField(field: string, message: string): InvalidInputError {
  return new InvalidInputError(message, { problems: [{ field, message }] });
}

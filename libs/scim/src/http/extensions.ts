import type { JsonObject } from '#kernel';
import type { Directory } from '#model';
import type { ResourceTypeName, SchemaDefinition } from '../protocol/schema/definitions.js';
import { readExtensionSchemas, type DeclaredExtension } from '../protocol/schema/extension-schemas.js';
import type { Tolerance } from '../protocol/tolerance.js';
import { typeExtensions } from '../protocol/type-extensions.js';
import type { ScimCall } from './call.js';

/** Directories are cached, so that their settings are the same object for many requests. */
const read = new WeakMap<JsonObject, readonly DeclaredExtension[]>();

/** The extensions that a directory has declared (setting `extension_schemas`). */
export function declaredExtensions({ config }: Pick<Directory, 'config'>): readonly DeclaredExtension[] {
  const known = read.get(config);
  if (known !== undefined) return known;
  const extensions = readExtensionSchemas(config['extension_schemas']);
  read.set(config, extensions);
  return extensions;
}

/** Schemas of the declared extensions of one resource type. */
export function extensionsOf(
  directory: Pick<Directory, 'config'>,
  type: ResourceTypeName,
): readonly SchemaDefinition[] {
  return declaredExtensions(directory)
    .filter(({ resourceType }) => resourceType === type)
    .map(({ schema }) => schema);
}

/** A resource that a client has written, with the declared extensions in their types. */
export function typed(call: ScimCall, type: ResourceTypeName, resource: JsonObject): JsonObject {
  return typeExtensions(resource, extensionsOf(call.directory, type), call.switches.tolerance);
}

/** The tolerance, knowing which extensions exist for this directory. */
export function withDeclared(directory: Pick<Directory, 'config'>, tolerance: Tolerance): Tolerance {
  const urns = declaredExtensions(directory).map(({ schema }) => schema.id);
  return urns.length === 0 ? tolerance : { ...tolerance, extensionUrns: urns };
}

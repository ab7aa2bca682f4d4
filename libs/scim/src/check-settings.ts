import { InvalidInputError, type JsonObject } from '#kernel';
import { checkExtensionSchemas } from './protocol/schema/check-extension-schemas.js';

/** Settings of a directory that are on or off. Another value would count as the default, and nobody would know why. */
const SWITCHES = [
  'match_external_ids',
  'request_log_bodies',
  'scim_cursors',
  'scim_strict',
  'unique_group_names',
];

/**
 * Says what in the configuration of a SCIM directory would not be understood, while whoever sets it can still correct
 * it. What other parts keep there is not looked at; null takes a setting back.
 * @throws InvalidInputError naming the setting
 */
export function checkScimSettings(config: JsonObject): void {
  const wrong = SWITCHES.filter(
    (name) => !['boolean', 'undefined'].includes(typeof (config[name] ?? undefined)),
  );
  if (wrong.length > 0)
    throw new InvalidInputError('Validation failed', {
      problems: wrong.map((name) => ({
        field: `config.${name}`,
        message: `config.${name} must be true or false, or null for the default.`,
      })),
    });
  checkExtensionSchemas(config['extension_schemas'] ?? undefined);
}

import { expect, it } from '@jest/globals';
import { InvalidInputError, type JsonObject } from '#kernel';
import { checkScimSettings } from './check-settings.js';

it.each<JsonObject>([
  {},
  { match_external_ids: true, scim_strict: false, unique_group_names: null },
  { guard: { action: 'alert_only' }, extension_schemas: null, whatever: 7 },
])('takes %j', (config) => {
  expect(() => checkScimSettings(config)).not.toThrow();
});

it.each(['match_external_ids', 'request_log_bodies', 'scim_cursors', 'scim_strict', 'unique_group_names'])(
  'refuses a %s that is neither on nor off',
  (name) => {
    for (const value of ['true', 0, [], {}])
      expect(() => checkScimSettings({ [name]: value })).toThrow(
        expect.objectContaining({
          problems: [{ field: `config.${name}`, message: expect.stringContaining('true or false') }],
        }),
      );
  },
);

it('looks at the schemas of extensions, too', () => {
  expect(() => checkScimSettings({ extension_schemas: 'none' })).toThrow(InvalidInputError);
});

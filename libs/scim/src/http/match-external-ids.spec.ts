import { expect, it } from '@jest/globals';
import { matchesExternalIds } from './match-external-ids.js';

it.each([
  [true, {}, true],
  [false, {}, false],
  [true, { match_external_ids: false }, false],
  [false, { match_external_ids: true }, true],
  [true, { match_external_ids: 'no' }, true],
])('with a dialect that says %p and the settings %j is %p', (matchExternalIds, config, expected) => {
  expect(matchesExternalIds({ config }, { matchExternalIds })).toBe(expected);
});

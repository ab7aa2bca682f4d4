import { describe } from '@jest/globals';
import { connectorConformance, fakeRippling, fakeRipplingOAuth, fakeRipplingPlatform } from '#testing';
import rippling from './index.js';

describe.each([
  ['an API token', fakeRippling],
  ['an OAuth app', fakeRipplingOAuth],
  ['a key for the platform API', fakeRipplingPlatform],
])('with %s', (_, fake) => {
  connectorConformance(rippling, fake);
});

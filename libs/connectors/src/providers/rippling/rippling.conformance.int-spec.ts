import { describe } from '@jest/globals';
import { connectorConformance, fakeRippling, fakeRipplingOAuth } from '#testing';
import rippling from './index.js';

describe.each([
  ['API token', fakeRippling],
  ['OAuth app', fakeRipplingOAuth],
])('with an %s', (_, fake) => {
  connectorConformance(rippling, fake);
});

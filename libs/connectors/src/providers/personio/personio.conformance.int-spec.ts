import { describe } from '@jest/globals';
import { connectorConformance, fakePersonio, fakePersonioV2 } from '#testing';
import personio from './index.js';

describe.each([
  ['version 1', fakePersonio],
  ['version 2', fakePersonioV2],
])('by %s', (_, fake) => {
  connectorConformance(personio, fake);
});

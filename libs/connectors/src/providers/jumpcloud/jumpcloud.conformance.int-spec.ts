import { describe } from '@jest/globals';
import { connectorConformance, fakeJumpcloud, fakeJumpcloudServiceAccount } from '#testing';
import jumpcloud from './index.js';

describe.each([
  ['API key', fakeJumpcloud],
  ['service account', fakeJumpcloudServiceAccount],
])('with the %s', (_name, fake) => {
  connectorConformance(jumpcloud, fake);
});

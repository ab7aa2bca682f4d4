import { describe } from '@jest/globals';
import { connectorConformance, fakeOkta, fakeOktaApiToken } from '#testing';
import okta from './index.js';

describe.each([
  ['private key', fakeOkta],
  ['API token', fakeOktaApiToken],
])('with the %s', (_name, fake) => {
  connectorConformance(okta, fake);
});

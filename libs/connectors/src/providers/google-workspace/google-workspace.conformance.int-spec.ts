import { describe } from '@jest/globals';
import { connectorConformance, fakeGoogleRefreshToken, fakeGoogleWorkspace } from '#testing';
import google from './index.js';

describe.each([
  ['service account', fakeGoogleWorkspace],
  ['refresh token', fakeGoogleRefreshToken],
])('with the %s', (_name, fake) => {
  connectorConformance(google, fake);
});

import { describe } from '@jest/globals';
import { connectorConformance, fakeEntraId, fakeEntraIdCertificate } from '#testing';
import entra from './index.js';

describe.each([
  ['client secret', fakeEntraId],
  ['certificate', fakeEntraIdCertificate],
])('with the %s', (_name, fake) => {
  connectorConformance(entra, fake);
});

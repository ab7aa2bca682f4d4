import { connectorConformance, fakeKeycloak } from '#testing';
import keycloak from './index.js';

connectorConformance(keycloak, fakeKeycloak);

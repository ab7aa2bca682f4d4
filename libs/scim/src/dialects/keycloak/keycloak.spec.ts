import { dialectConformance } from '#testing';
import keycloak from './index.js';

dialectConformance(keycloak);

import { defineDialect } from '../contract.js';
import { keycloak } from './dialect.js';

export default defineDialect(keycloak);

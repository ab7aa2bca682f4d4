import { defineDialect } from '../contract.js';
import { scim11 } from './dialect.js';

export default defineDialect(scim11);

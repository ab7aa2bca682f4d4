import { defineDialect } from '../contract.js';
import { okta } from './dialect.js';

export default defineDialect(okta);

import { defineDialect } from '../contract.js';
import { rippling } from './dialect.js';

export default defineDialect(rippling);

import { defineDialect } from '../contract.js';
import { sailpoint } from './dialect.js';

export default defineDialect(sailpoint);

import { defineDialect } from '../contract.js';
import { saviynt } from './dialect.js';

export default defineDialect(saviynt);

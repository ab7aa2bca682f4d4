import { defineDialect } from '../contract.js';
import { onelogin } from './dialect.js';

export default defineDialect(onelogin);

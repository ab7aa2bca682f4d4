import { defineDialect } from '../contract.js';
import { jumpcloud } from './dialect.js';

export default defineDialect(jumpcloud);

import { defineDialect } from '../contract.js';
import { oracle } from './dialect.js';

export default defineDialect(oracle);

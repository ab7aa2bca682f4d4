import { defineDialect } from '../contract.js';
import { strict } from './dialect.js';

export default defineDialect(strict);

import { defineDialect } from '../contract.js';
import { ping } from './dialect.js';

export default defineDialect(ping);

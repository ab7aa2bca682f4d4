import { defineDialect } from '../contract.js';
import { duo } from './dialect.js';

export default defineDialect(duo);

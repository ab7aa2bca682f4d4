import { defineDialect } from '../contract.js';
import { google } from './dialect.js';

export default defineDialect(google);

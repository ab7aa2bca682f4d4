import { defineDialect } from '../contract.js';
import { entra } from './dialect.js';

export default defineDialect(entra);

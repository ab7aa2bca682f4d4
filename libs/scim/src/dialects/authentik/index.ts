import { defineDialect } from '../contract.js';
import { authentik } from './dialect.js';

export default defineDialect(authentik);

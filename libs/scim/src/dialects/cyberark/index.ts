import { defineDialect } from '../contract.js';
import { cyberark } from './dialect.js';

export default defineDialect(cyberark);

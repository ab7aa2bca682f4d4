import { defineDialect } from '../contract.js';
import { aquera } from './dialect.js';

export default defineDialect(aquera);

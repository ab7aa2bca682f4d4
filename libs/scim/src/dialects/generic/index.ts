import { defineDialect } from '../contract.js';
import { generic } from './dialect.js';

export default defineDialect(generic);

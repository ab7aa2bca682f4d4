export { startEmbeddedPostgres, type EmbeddedPostgres } from './start-embedded-postgres.js';
export { EmbeddedPostgresError } from './embedded-postgres.errors.js';
export type { EmbeddedPostgresOptions } from './placement.js';

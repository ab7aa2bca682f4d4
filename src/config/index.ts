export { ConfigError } from './config.errors.js';
export { loadSecretKeys } from './load-secret-keys.js';
export { refuseMissingKeys } from './refuse-missing-keys.js';
export { publicUrlOf, readConfig, type Config } from './read-config.js';
export type { Roles } from './variables.js';

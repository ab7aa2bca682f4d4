export { newId, idTime, isId, type IdPrefix } from './ids.js';
export { systemClock, type Clock } from './clock.js';
export {
  RollcallError,
  InvalidInputError,
  NotFoundError,
  ConflictError,
  RetryableError,
  AuthenticationError,
  PermissionError,
  type InputProblem,
} from './errors.js';
export { foldKey } from './fold.js';
export { getOwn, parseJson, isJsonObject, type JsonObject, type JsonValue, type JsonLimits } from './json.js';
export { randomSecret, hashSecret } from './secrets.js';
export { SecretBox, type SealContext } from './sealing.js';
export { FailedLogins, TooManyFailuresError, type LoginAttempt } from './failed-logins.js';
export {
  capacityOf,
  secondsUntilFull,
  secondsUntilNext,
  TokenBuckets,
  type RateLimit,
} from './token-buckets.js';
export { Turns } from './turns.js';
export { textArray } from './text-array.js';
export { Database, translateOutage, type Pipelined, type Queryable, type Statement } from './database.js';
export {
  poolOptions,
  dataSourceOptions,
  poolOf,
  isoTimestamp,
  type DatabaseRole,
  type PoolSettings,
  type DataSourceSettings,
} from './pool.js';
export {
  startEmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded/index.js';
export { resealEach } from './reseal.js';
export { sharedFor } from './shared-for.js';

export { createDataSource, type DataSourceSettings } from './create-data-source.js';
export { DatabaseError, type DatabaseProblem } from './database.errors.js';
export { ensureEpoch } from './ensure-epoch.js';
export { ensurePartitions } from './ensure-partitions.js';
export { migrate, pendingMigrations } from './migrate.js';
export { openDatabase, type DatabaseSettings, type OpenDatabase } from './open-database.js';

export { ensurePartitions } from './ensure-partitions.js';
export { openDatabase, type OpenDatabase } from './open-database.js';

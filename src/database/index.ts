export { dropExpired } from './drop-expired.js';
export { ensurePartitions } from './ensure-partitions.js';
export { openDatabase, type OpenDatabase } from './open-database.js';

import type { DirectoryKey } from './connection-settings.js';
import type { Fence } from './snapshot-door.js';
import type { RunError } from './sync-run.js';

/** Where the state of a connection is kept and told; one event per change, whatever is reported how often. */
export interface ConnectionHealth {
  /** The source has refused the credentials. */
  failed(key: DirectoryKey, error: RunError, fence: Fence): Promise<void>;
  /** The source was read; the directory is linked, now or again. */
  succeeded(key: DirectoryKey, fence: Fence): Promise<void>;
}

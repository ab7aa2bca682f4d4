import type { MigrationInterface } from 'typeorm';

import { CreateSchema20261123100000 } from '../../migrations/20261123100000-create-schema.js';
import { CreateRemovalGuard20261124140000 } from '../../migrations/20261124140000-create-removal-guard.js';

/** Every migration, oldest first. A new one is added at the end; none is ever changed or removed. */
export const MIGRATIONS: (new () => MigrationInterface & { readonly name: string })[] = [
  CreateSchema20261123100000,
  CreateRemovalGuard20261124140000,
];

/** Their names as they stand in the table of migrations, oldest first. */
export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map((migration) => new migration().name);

import { DataSource, type DataSourceOptions } from 'typeorm';

import { dataSourceOptions, type PoolSettings } from '#kernel';

import { MIGRATIONS } from './migrations.js';

/** How a data source shall be. */
export interface DataSourceSettings extends PoolSettings {
  readonly entities?: DataSourceOptions['entities'];
}

/** A TypeORM data source, not yet connected. Only one of the role `owner` knows the migrations. */
export function createDataSource(url: string, settings: DataSourceSettings): DataSource {
  return new DataSource({
    ...dataSourceOptions(url, settings),
    ...(settings.entities === undefined ? {} : { entities: settings.entities }),
    migrations: settings.role === 'owner' ? MIGRATIONS : [],
    migrationsTableName: 'migrations',
    // One transaction per migration, its record included: a migration has either run or not.
    migrationsTransactionMode: 'each',
  });
}

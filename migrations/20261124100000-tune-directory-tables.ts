import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Nobody compares documents, so the planner needs no statistics of them; gathering those made ANALYZE of a growing
 * directory take half a second instead of a few milliseconds. And a person of ordinary size stays in one piece: by
 * default everything beyond 2 kB is compressed on the way in, which cost a third of the insert.
 */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  directory_users: ['raw', 'folded', 'custom_attributes', 'emails'],
  directory_groups: ['raw', 'folded'],
  events: ['body'],
};
const TARGET = 'toast_tuple_target';

export class TuneDirectoryTables20261124100000 implements MigrationInterface {
  readonly name = 'TuneDirectoryTables20261124100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, columns] of Object.entries(DOCUMENTS))
      for (const column of columns)
        await queryRunner.query(`ALTER TABLE ${table} ALTER COLUMN ${column} SET STATISTICS 0`);
    await queryRunner.query(`ALTER TABLE directory_users SET (${TARGET} = 4080)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE directory_users RESET (${TARGET})`);
    for (const [table, columns] of Object.entries(DOCUMENTS))
      for (const column of columns)
        await queryRunner.query(`ALTER TABLE ${table} ALTER COLUMN ${column} SET STATISTICS -1`);
  }
}

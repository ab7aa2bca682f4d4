import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * A full run looks up every record that it reads. The primary key begins with two long ids that are the same in all rows
 * of a directory, so each step down the index compares them anew; by a hash a page takes less than half the time. It is of
 * directory and record together: the people of many sources are called 1, 2, 3.
 */
const CREATE = `CREATE INDEX source_records_source ON source_records USING hash ((directory_id || source_id))`;
const DROP = `DROP INDEX source_records_source`;

export class LookRecordsUpByHash20261129140000 implements MigrationInterface {
  readonly name = 'LookRecordsUpByHash20261129140000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DROP);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Of every row that a run stages or believes the server looked up the directory, eighteen thousand times in a run that
 * changes five thousand things. Only a worker that holds the lease of the directory writes there, and it locks the row of
 * the schedule, which goes with the directory; what a directory held is deleted once more behind that lock.
 */
const TABLES = [
  'snapshot_listed',
  'snapshot_records',
  'snapshot_member_lists',
  'snapshot_member_digests',
  'snapshot_member_additions',
  'snapshot_member_changes',
  'source_member_changes',
  'source_missing_members',
  'source_members',
  'source_member_digests',
  'source_records',
];

export class LetTheLeaseGuardStaging20261129220500 implements MigrationInterface {
  readonly name = 'LetTheLeaseGuardStaging20261129220500';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES)
      await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_environment_id_directory_id_fkey`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES)
      await runner.query(`ALTER TABLE ${table} ADD FOREIGN KEY (environment_id, directory_id)
        REFERENCES directories (environment_id, id) ON DELETE CASCADE`);
  }
}

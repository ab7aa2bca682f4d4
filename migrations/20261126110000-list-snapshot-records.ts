import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * A run that went on without what it has staged would take everybody for removed: whatever is under way begins anew, and
 * what waits for approval is shown once more.
 */
const FORGET_STAGED = `
DELETE FROM snapshot_records;
DELETE FROM snapshot_invalid;
DELETE FROM snapshot_member_lists;
DELETE FROM snapshot_member_changes;
DELETE FROM snapshot_replaced;
DELETE FROM snapshot_decisions;
UPDATE sync_runs SET status = 'fetching', streams = '[]', pages = 0, records = 0, invalid = 0, revision = revision + 1
WHERE finished_at IS NULL AND status <> 'queued';
UPDATE sync_schedules SET due_at = '-infinity' WHERE active_run_id IS NOT NULL;
`;

/*
 * Nearly everything that a run reads is what it was before. So what a page listed is staged as one list of ids, and only
 * a record that differs from what is believed is staged itself. Memberships that a run adds are kept as one list for each
 * group as well; snapshot_member_changes is left with those that it takes away.
 */
const LISTS = `
${FORGET_STAGED}
-- Which page it came with; a listing counts what it showed first.
ALTER TABLE snapshot_records ADD COLUMN sequence bigint NOT NULL;
ALTER TABLE snapshot_member_changes DROP COLUMN present;

-- What one page of a full run listed.
CREATE TABLE snapshot_listed (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('user', 'group')),
  sequence bigint NOT NULL,
  source_ids text[] COLLATE "C" NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, kind, sequence),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

CREATE TABLE snapshot_member_additions (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_kind text COLLATE "C" NOT NULL,
  member_ids text[] COLLATE "C" NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, group_id, member_kind),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
`;

/*
 * A group whose members follow from other edges than before is worked out anew (source_records.is_dirty). Where no group
 * is in another, that is only about those people whose edge has changed: they are noted here until it is done.
 */
const MEMBER_CHANGES = `
CREATE TABLE source_member_changes (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (environment_id, directory_id, group_id, member_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
`;

/** Compressing the lists cost more than writing them, and statistics of them help nobody. */
const ARRAYS: readonly (readonly [string, string])[] = [
  ['snapshot_listed', 'source_ids'],
  ['snapshot_member_lists', 'member_ids'],
  ['snapshot_member_additions', 'member_ids'],
];

/*
 * A table that a first load fills within seconds has no statistics until the server looks at it by itself, a minute or
 * more later. Until then plans are guesses, foreign keys included, and some of them walk through the whole table for every
 * row. The service owns nothing, so this lets it have those tables looked at that have grown since somebody last did.
 */
const REFRESH_STATISTICS = `
CREATE FUNCTION refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  grown regclass;
BEGIN
  FOR grown IN
    SELECT c.oid FROM pg_catalog.pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname IN ('directory_users',
        'directory_groups', 'memberships', 'source_records', 'source_members', 'snapshot_records', 'snapshot_listed',
        'snapshot_member_lists', 'snapshot_member_additions')
      AND pg_relation_size(c.oid) / current_setting('block_size')::bigint > greatest(2, 4 * c.relpages)
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown);
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_statistics() TO rollcall_app;
`;

const DOWN = `
DROP FUNCTION refresh_statistics();
UPDATE source_records g SET is_dirty = true FROM source_member_changes c WHERE g.environment_id = c.environment_id
  AND g.directory_id = c.directory_id AND g.kind = 'group' AND g.source_id = c.group_id;
DROP TABLE source_member_changes, snapshot_member_additions, snapshot_listed;
${FORGET_STAGED}
ALTER TABLE snapshot_records DROP COLUMN sequence;
ALTER TABLE snapshot_member_changes ADD COLUMN present boolean NOT NULL;
ALTER TABLE snapshot_member_lists ALTER COLUMN member_ids SET STORAGE EXTENDED, ALTER COLUMN member_ids SET STATISTICS -1;
`;

export class ListSnapshotRecords20261126110000 implements MigrationInterface {
  readonly name = 'ListSnapshotRecords20261126110000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(LISTS);
    for (const [table, column] of ARRAYS)
      await queryRunner.query(
        `ALTER TABLE ${table} ALTER COLUMN ${column} SET STORAGE EXTERNAL, ALTER COLUMN ${column} SET STATISTICS 0`,
      );
    await queryRunner.query(MEMBER_CHANGES);
    await queryRunner.query(REFRESH_STATISTICS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

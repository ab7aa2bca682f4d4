import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * A list of members is compared with what is believed while the page that shows it is staged, and only its difference is
 * kept. That holds as long as what is believed stays as it was: a directory's memberships have a version, which counts
 * every statement that writes them, by the trigger that makes digests void. It is no column of the directory's own row,
 * which others read and lock; and it is not written for a directory that is just being deleted.
 */
const CREATE = `
CREATE TABLE source_member_versions (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (environment_id, directory_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- With a version the page shows who was believed then, without those missing here, and whom it adds stands among the
-- lists; without one the whole list stands there.
ALTER TABLE snapshot_member_digests ADD COLUMN version bigint,
  ADD COLUMN missing_users text[] COLLATE "C" NOT NULL DEFAULT '{}',
  ADD COLUMN missing_groups text[] COLLATE "C" NOT NULL DEFAULT '{}';
UPDATE snapshot_member_digests SET version = 0 WHERE is_as_before;
ALTER TABLE snapshot_member_digests ADD CHECK (version IS NOT NULL OR NOT is_as_before);

CREATE OR REPLACE FUNCTION forget_member_digests() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO source_member_versions AS v (environment_id, directory_id, version)
  SELECT d.environment_id, d.id, 1 FROM (SELECT DISTINCT environment_id, directory_id FROM written) w
  JOIN directories d ON d.environment_id = w.environment_id AND d.id = w.directory_id
  ON CONFLICT (environment_id, directory_id) DO UPDATE SET version = v.version + 1;
  DELETE FROM source_member_digests WHERE ctid = ANY(ARRAY(
    SELECT known.ctid FROM (SELECT DISTINCT environment_id, directory_id, group_id FROM written) w
    CROSS JOIN LATERAL (SELECT d.ctid FROM source_member_digests d WHERE d.environment_id = w.environment_id
      AND d.directory_id = w.directory_id AND d.group_id = w.group_id OFFSET 0) known));
  RETURN NULL;
END $$;
`;

/** Of a run under way differences are staged, which nobody would understand any more: it begins anew. */
const DROP = `
CREATE OR REPLACE FUNCTION forget_member_digests() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM source_member_digests WHERE ctid = ANY(ARRAY(
    SELECT known.ctid FROM (SELECT DISTINCT environment_id, directory_id, group_id FROM written) w
    CROSS JOIN LATERAL (SELECT d.ctid FROM source_member_digests d WHERE d.environment_id = w.environment_id
      AND d.directory_id = w.directory_id AND d.group_id = w.group_id OFFSET 0) known));
  RETURN NULL;
END $$;
DELETE FROM snapshot_records;
DELETE FROM snapshot_listed;
DELETE FROM snapshot_invalid;
DELETE FROM snapshot_member_lists;
DELETE FROM snapshot_member_digests;
DELETE FROM snapshot_member_additions;
DELETE FROM snapshot_member_changes;
DELETE FROM snapshot_replaced;
DELETE FROM snapshot_decisions;
UPDATE sync_runs SET status = 'fetching', streams = '[]', pages = 0, records = 0, invalid = 0, revision = revision + 1
WHERE finished_at IS NULL AND status <> 'queued';
UPDATE sync_schedules SET due_at = '-infinity' WHERE active_run_id IS NOT NULL;
ALTER TABLE snapshot_member_digests DROP COLUMN version, DROP COLUMN missing_users, DROP COLUMN missing_groups;
DROP TABLE source_member_versions;
`;

export class CompareListsWhileStaging20261129220000 implements MigrationInterface {
  readonly name = 'CompareListsWhileStaging20261129220000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DROP);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Most groups have the members that they had when their list was last read. A digest of that list, kept as long as it
 * says just what source_members says and nothing is missing, lets a run skip such a group: its members need be neither
 * staged nor compared. Whoever writes source_members makes the digest void, by a trigger that nobody can forget.
 */
const CREATE = `
CREATE TABLE source_member_digests (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  PRIMARY KEY (environment_id, directory_id, group_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- What one page of a full run showed of a group: a digest of it, and whether that is what is believed. If it is, the list
-- itself was not staged.
CREATE TABLE snapshot_member_digests (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  digest text COLLATE "C" NOT NULL,
  is_as_before boolean NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, group_id, sequence),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- One look-up for each group, whatever the plan of the statement around it has been told to avoid.
CREATE FUNCTION forget_member_digests() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM source_member_digests WHERE ctid = ANY(ARRAY(
    SELECT known.ctid FROM (SELECT DISTINCT environment_id, directory_id, group_id FROM written) w
    CROSS JOIN LATERAL (SELECT d.ctid FROM source_member_digests d WHERE d.environment_id = w.environment_id
      AND d.directory_id = w.directory_id AND d.group_id = w.group_id OFFSET 0) known));
  RETURN NULL;
END $$;
CREATE TRIGGER source_members_added AFTER INSERT ON source_members REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION forget_member_digests();
CREATE TRIGGER source_members_changed AFTER UPDATE ON source_members REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION forget_member_digests();
CREATE TRIGGER source_members_ended AFTER DELETE ON source_members REFERENCING OLD TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION forget_member_digests();
`;

/** A run under way has not staged the lists that were as before: it begins anew. */
const DROP = `
DROP TRIGGER source_members_ended ON source_members;
DROP TRIGGER source_members_changed ON source_members;
DROP TRIGGER source_members_added ON source_members;
DROP FUNCTION forget_member_digests();
DROP TABLE snapshot_member_digests, source_member_digests;
DELETE FROM snapshot_records;
DELETE FROM snapshot_listed;
DELETE FROM snapshot_invalid;
DELETE FROM snapshot_member_lists;
DELETE FROM snapshot_member_additions;
DELETE FROM snapshot_member_changes;
DELETE FROM snapshot_replaced;
DELETE FROM snapshot_decisions;
UPDATE sync_runs SET status = 'fetching', streams = '[]', pages = 0, records = 0, invalid = 0, revision = revision + 1
WHERE finished_at IS NULL AND status <> 'queued';
UPDATE sync_schedules SET due_at = '-infinity' WHERE active_run_id IS NOT NULL;
`;

export class RememberMemberLists20261129120000 implements MigrationInterface {
  readonly name = 'RememberMemberLists20261129120000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DROP);
  }
}

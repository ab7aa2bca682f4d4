import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Memberships that a listing does not show are few, and their marks change in every run. As columns of source_members each
 * mark rewrote the row and its entries in three indexes, in a table of all memberships there are.
 */
const APART = `
CREATE TABLE source_missing_members (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_kind text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  missing_runs integer NOT NULL,
  missing_run_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (environment_id, directory_id, group_id, member_kind, member_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
) WITH (fillfactor = 80);
INSERT INTO source_missing_members
SELECT environment_id, directory_id, group_id, member_kind, member_id, missing_runs, missing_run_id
FROM source_members WHERE missing_runs > 0 AND missing_run_id IS NOT NULL;
DROP INDEX source_members_missing;
ALTER TABLE source_members DROP COLUMN missing_runs, DROP COLUMN missing_run_id;

CREATE TRIGGER source_missing_members_added AFTER INSERT ON source_missing_members REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION forget_member_digests();

-- What is no longer believed cannot be missing.
CREATE FUNCTION forget_missing_members() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM source_missing_members WHERE ctid = ANY(ARRAY(
    SELECT known.ctid FROM written w
    CROSS JOIN LATERAL (SELECT x.ctid FROM source_missing_members x WHERE x.environment_id = w.environment_id
      AND x.directory_id = w.directory_id AND x.group_id = w.group_id AND x.member_kind = w.member_kind
      AND x.member_id = w.member_id OFFSET 0) known));
  RETURN NULL;
END $$;
CREATE TRIGGER source_members_gone AFTER DELETE ON source_members REFERENCING OLD TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION forget_missing_members();
`;

const BACK = `
DROP TRIGGER source_members_gone ON source_members;
DROP FUNCTION forget_missing_members();
ALTER TABLE source_members ADD COLUMN missing_runs integer NOT NULL DEFAULT 0, ADD COLUMN missing_run_id text COLLATE "C";
UPDATE source_members m SET missing_runs = x.missing_runs, missing_run_id = x.missing_run_id
FROM source_missing_members x
WHERE m.environment_id = x.environment_id AND m.directory_id = x.directory_id AND m.group_id = x.group_id
  AND m.member_kind = x.member_kind AND m.member_id = x.member_id;
CREATE INDEX source_members_missing ON source_members (environment_id, directory_id, group_id) WHERE missing_runs > 0;
DROP TABLE source_missing_members;
`;

export class NoteMissingMembersApart20261129130000 implements MigrationInterface {
  readonly name = 'NoteMissingMembersApart20261129130000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(APART);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(BACK);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * That a membership is one of a user and a group of the same directory is checked for all rows of a statement together.
 * As foreign keys it was checked row by row, with a lock on the user and on the group each time: more than half of what
 * adding a member cost. A directory's changes are one after the other anyway, so there is nothing to lock against.
 */
const CREATE = `
CREATE FUNCTION check_memberships() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  stray record;
BEGIN
  SELECT m.group_id, m.user_id INTO stray FROM written m
  LEFT JOIN LATERAL (SELECT true AS found FROM directory_users u WHERE u.environment_id = m.environment_id
    AND u.directory_id = m.directory_id AND u.id = m.user_id OFFSET 0) member ON true
  WHERE member.found IS NULL
  UNION ALL
  SELECT m.group_id, '(all)' FROM (SELECT DISTINCT environment_id, directory_id, group_id FROM written) m
  LEFT JOIN LATERAL (SELECT true AS found FROM directory_groups g WHERE g.environment_id = m.environment_id
    AND g.directory_id = m.directory_id AND g.id = m.group_id OFFSET 0) team ON true
  WHERE team.found IS NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE foreign_key_violation USING TABLE = 'memberships',
      MESSAGE = format('There is no such user or group in the directory: membership of %s in %s', stray.user_id, stray.group_id);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION check_no_memberships() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  stray record;
BEGIN
  IF TG_TABLE_NAME = 'directory_users' THEN
    SELECT o.id INTO stray FROM gone o CROSS JOIN LATERAL (SELECT FROM memberships m
      WHERE m.environment_id = o.environment_id AND m.directory_id = o.directory_id AND m.user_id = o.id LIMIT 1) m LIMIT 1;
  ELSE
    SELECT o.id INTO stray FROM gone o CROSS JOIN LATERAL (SELECT FROM memberships m
      WHERE m.environment_id = o.environment_id AND m.directory_id = o.directory_id AND m.group_id = o.id LIMIT 1) m LIMIT 1;
  END IF;
  IF FOUND THEN
    RAISE foreign_key_violation USING TABLE = TG_TABLE_NAME, MESSAGE = format('There are memberships of %s still', stray.id);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER memberships_added AFTER INSERT ON memberships REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION check_memberships();
CREATE TRIGGER memberships_changed AFTER UPDATE ON memberships REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION check_memberships();
CREATE TRIGGER directory_users_gone AFTER DELETE ON directory_users REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION check_no_memberships();
CREATE TRIGGER directory_groups_gone AFTER DELETE ON directory_groups REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION check_no_memberships();
ALTER TABLE memberships DROP CONSTRAINT memberships_environment_id_directory_id_group_id_fkey,
  DROP CONSTRAINT memberships_environment_id_directory_id_user_id_fkey;`;

const DROP = `
ALTER TABLE memberships
  ADD FOREIGN KEY (environment_id, directory_id, group_id) REFERENCES directory_groups (environment_id, directory_id, id),
  ADD FOREIGN KEY (environment_id, directory_id, user_id) REFERENCES directory_users (environment_id, directory_id, id);
DROP TRIGGER directory_groups_gone ON directory_groups;
DROP TRIGGER directory_users_gone ON directory_users;
DROP TRIGGER memberships_changed ON memberships;
DROP TRIGGER memberships_added ON memberships;
DROP FUNCTION check_no_memberships();
DROP FUNCTION check_memberships();`;

export class CheckMembershipsByStatement20261127130000 implements MigrationInterface {
  readonly name = 'CheckMembershipsByStatement20261127130000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DROP);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Groups in groups that are pushed. `memberships` goes on to say who belongs to a group, however; `direct` says that the
 * source lists the person itself, which is what SCIM shows. Everybody who was in a group so far was listed.
 */
const UP = `
CREATE TABLE nested_groups (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, directory_id, group_id, member_id),
  FOREIGN KEY (environment_id, directory_id, group_id) REFERENCES directory_groups (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id, member_id) REFERENCES directory_groups (environment_id, directory_id, id)
);
CREATE INDEX nested_groups_member ON nested_groups (environment_id, directory_id, member_id);

ALTER TABLE memberships ADD COLUMN direct boolean NOT NULL DEFAULT true;

-- A pending member that can only be a group.
ALTER TABLE pending_memberships ADD COLUMN is_group boolean NOT NULL DEFAULT false;
UPDATE pending_memberships SET is_group = true WHERE starts_with(value, 'directory_group_');
ALTER TABLE pending_memberships DROP CONSTRAINT pending_memberships_pkey,
  ADD PRIMARY KEY (environment_id, directory_id, group_id, value, is_group);

GRANT SELECT, INSERT, UPDATE, DELETE ON nested_groups TO rollcall_app;
`;

const DOWN = `
DELETE FROM pending_memberships p WHERE is_group AND EXISTS (SELECT FROM pending_memberships o
  WHERE o.environment_id = p.environment_id AND o.directory_id = p.directory_id AND o.group_id = p.group_id
    AND o.value = p.value AND NOT o.is_group);
ALTER TABLE pending_memberships DROP CONSTRAINT pending_memberships_pkey,
  ADD PRIMARY KEY (environment_id, directory_id, group_id, value);
ALTER TABLE pending_memberships DROP COLUMN is_group;
ALTER TABLE memberships DROP COLUMN direct;
DROP TABLE nested_groups;
`;

export class NestGroups20261126100000 implements MigrationInterface {
  readonly name = 'NestGroups20261126100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

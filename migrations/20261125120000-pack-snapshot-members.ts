import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Memberships are most of what a run reads, and most of them are what they were before. They are staged as the lists
 * that the source showed, a row for each, instead of a row for every membership; only what differs from the run before
 * gets a row of its own. What a run under way has staged is read anew.
 */
const UP = `
DROP TABLE snapshot_members;

-- What one page said about one group. sequence tells which of several statements about one membership came last.
CREATE TABLE snapshot_member_lists (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_kind text COLLATE "C" NOT NULL CHECK (member_kind IN ('user', 'group')),
  present boolean NOT NULL,
  sequence bigint NOT NULL,
  member_ids text[] COLLATE "C" NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, group_id, member_kind, present, sequence),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- Memberships that the run adds, or that it takes away at once because the source said so.
CREATE TABLE snapshot_member_changes (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_kind text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  present boolean NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, group_id, member_kind, member_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
`;

const DOWN = `
DROP TABLE snapshot_member_changes, snapshot_member_lists;
CREATE TABLE snapshot_members (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_kind text COLLATE "C" NOT NULL CHECK (member_kind IN ('user', 'group')),
  member_id text COLLATE "C" NOT NULL,
  present boolean NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, group_id, member_kind, member_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
`;

export class PackSnapshotMembers20261125120000 implements MigrationInterface {
  readonly name = 'PackSnapshotMembers20261125120000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * What a polled source was read as. snapshot_* hold what one run has read so far; source_* hold what the source said when
 * it was last believed. The difference of the two is what a run applies. The staging tables are logged like any other:
 * a run that resumes after a crash of the server and found half of its pages gone would take the other half for removed.
 */
const UP = `
CREATE SEQUENCE snapshot_sequence;

-- One row per record of a run; record is null where the source said itself that it is gone. sequence tells which of
-- several statements about one record came last.
CREATE TABLE snapshot_records (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('user', 'group')),
  source_id text COLLATE "C" NOT NULL,
  digest text COLLATE "C",
  record json,
  PRIMARY KEY (environment_id, directory_id, run_id, kind, source_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- Records that could not be read; source_id is '' where not even the id could be.
CREATE TABLE snapshot_invalid (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('user', 'group', 'membership')),
  source_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, kind, source_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

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

-- Groups whose whole list of members an incremental run has read, from this sequence on.
CREATE TABLE snapshot_replaced (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, group_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- What a run has decided before it applied anything; a run that resumes keeps to it.
CREATE TABLE snapshot_decisions (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  decision jsonb NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- is_dirty: a group whose members have to be worked out again.
CREATE TABLE source_records (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('user', 'group')),
  source_id text COLLATE "C" NOT NULL,
  entity_id text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  missing_since timestamptz(3),
  missing_runs integer NOT NULL DEFAULT 0,
  missing_run_id text COLLATE "C",
  is_dirty boolean NOT NULL DEFAULT false,
  upcoming_at timestamptz(3),
  upcoming jsonb,
  PRIMARY KEY (environment_id, directory_id, kind, source_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX source_records_missing ON source_records (environment_id, directory_id, kind, source_id)
  WHERE missing_since IS NOT NULL;
CREATE INDEX source_records_dirty ON source_records (environment_id, directory_id, source_id) WHERE is_dirty;
CREATE INDEX source_records_upcoming ON source_records (upcoming_at) WHERE upcoming_at IS NOT NULL;

CREATE TABLE source_members (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  member_kind text COLLATE "C" NOT NULL,
  member_id text COLLATE "C" NOT NULL,
  missing_runs integer NOT NULL DEFAULT 0,
  missing_run_id text COLLATE "C",
  PRIMARY KEY (environment_id, directory_id, group_id, member_kind, member_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX source_members_member
  ON source_members (environment_id, directory_id, member_kind, member_id, group_id);
CREATE INDEX source_members_missing ON source_members (environment_id, directory_id, group_id)
  WHERE missing_runs > 0;

-- How large the source was when it was last read whole.
CREATE TABLE source_totals (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  totals jsonb NOT NULL,
  PRIMARY KEY (environment_id, directory_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

ALTER TABLE snapshot_records ALTER COLUMN record SET STATISTICS 0;
GRANT USAGE ON SEQUENCE snapshot_sequence TO rollcall_app;
`;

const DOWN = `
DROP TABLE source_totals, source_members, source_records, snapshot_decisions, snapshot_replaced, snapshot_members,
  snapshot_invalid, snapshot_records;
DROP SEQUENCE snapshot_sequence;
`;

export class CreateSnapshots20261124150000 implements MigrationInterface {
  readonly name = 'CreateSnapshots20261124150000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

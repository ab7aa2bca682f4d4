import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Polled sources. sync_schedules has one row per polled directory: when it is due, which run is under way, and who holds
 * the lease. Leases count by the database's clock alone; token fences, so that whoever lost the lease can record
 * nothing. Runs grow with time and are partitioned by week; created_at is the time inside the run's id, so an id names
 * its partition.
 */
const UP = `
CREATE TABLE directory_credentials (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  field text COLLATE "C" NOT NULL,
  sealed text NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (environment_id, directory_id, field),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
-- Finds what is sealed with a key that is no longer the first one.
CREATE INDEX directory_credentials_key ON directory_credentials (split_part(sealed, '.', 1));

CREATE TABLE sync_schedules (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  incremental_seconds integer CHECK (incremental_seconds BETWEEN 60 AND 604800),
  full_seconds integer CHECK (full_seconds BETWEEN 300 AND 2592000),
  windows jsonb NOT NULL DEFAULT '[]',
  paused boolean NOT NULL DEFAULT false,
  -- The next run ends before it changes anything and waits for somebody who has looked at it.
  needs_approval boolean NOT NULL,
  next_incremental_at timestamptz(3),
  next_full_at timestamptz(3) NOT NULL DEFAULT now(),
  -- When a worker should look at the directory: next run, next try, or the end of a wait for approval.
  due_at timestamptz(3) NOT NULL DEFAULT now(),
  active_run_id text COLLATE "C",
  -- The last run that may have left something in the staging tables.
  staged_run_id text COLLATE "C",
  token bigint NOT NULL DEFAULT 0,
  worker text,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  failures integer NOT NULL DEFAULT 0,
  last_good_at timestamptz(3),
  last_full_at timestamptz(3),
  -- Records of the last whole read, from which the next one guesses how long it will take.
  last_full_records integer,
  PRIMARY KEY (environment_id, directory_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);
CREATE INDEX sync_schedules_due ON sync_schedules (environment_id, due_at);
CREATE INDEX sync_schedules_leased ON sync_schedules (environment_id) WHERE worker IS NOT NULL;

CREATE TABLE sync_runs (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  mode text NOT NULL CHECK (mode IN ('full', 'incremental', 'preview')),
  trigger text NOT NULL CHECK (trigger IN ('schedule', 'manual')),
  status text NOT NULL CHECK (status IN ('queued', 'fetching', 'planning', 'awaiting_approval', 'applying',
    'succeeded', 'partial', 'failed', 'cancelled', 'previewed')),
  needs_approval boolean NOT NULL DEFAULT false,
  streams jsonb NOT NULL DEFAULT '[]',
  pages integer NOT NULL DEFAULT 0,
  records integer NOT NULL DEFAULT 0,
  invalid integer NOT NULL DEFAULT 0,
  expected integer,
  counts jsonb NOT NULL DEFAULT '{}',
  error_code text,
  error_message text,
  error_remedy text,
  -- Starts since the last page that was stored.
  attempts integer NOT NULL DEFAULT 0,
  revision integer NOT NULL DEFAULT 0,
  cancel_requested_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  PRIMARY KEY (environment_id, directory_id, id, created_at),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (created_at);
CREATE TABLE sync_runs_default PARTITION OF sync_runs DEFAULT;

-- What a run has to say about single records: what could not be read, and what a plan would change.
CREATE TABLE sync_run_items (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  detail jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, directory_id, run_id, id, created_at),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
) PARTITION BY RANGE (created_at);
CREATE TABLE sync_run_items_default PARTITION OF sync_run_items DEFAULT;

-- A vendor's change token, with the settings it was made with: other settings, other changes.
CREATE TABLE source_cursors (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  stream_id text COLLATE "C" NOT NULL,
  cursor jsonb NOT NULL,
  fingerprint text NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  saved_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, directory_id, stream_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
`;

const DOWN = `
DROP TABLE source_cursors, sync_run_items, sync_runs, sync_schedules, directory_credentials;
`;

export class CreateSyncRuns20261124160000 implements MigrationInterface {
  readonly name = 'CreateSyncRuns20261124160000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * directory_users.guard is null for nearly everybody. `effective` in it are the attributes that are in force instead
 * of the columns while a change is held back; `removed_at` and `identity_at` say when the person was last counted.
 */
const UP = `
ALTER TABLE directory_users ADD COLUMN guard jsonb;
CREATE INDEX directory_users_held ON directory_users (environment_id, directory_id) WHERE guard ? 'effective';

-- What was removed from a directory by push in the last hour, and the hold that is open for it. One row a directory,
-- read with the directory's head and written only by a batch that removes something.
CREATE TABLE guard_windows (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  hold_id text COLLATE "C",
  state jsonb NOT NULL,
  PRIMARY KEY (environment_id, directory_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);

CREATE TABLE holds (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  source text NOT NULL CHECK (source IN ('push', 'pull', 'restore')),
  state text NOT NULL CHECK (state IN ('open', 'approving', 'approved', 'rejected', 'withdrawn')),
  run_id text COLLATE "C",
  reasons text[] NOT NULL,
  counts jsonb NOT NULL,
  opened_at timestamptz(3) NOT NULL,
  decided_at timestamptz(3),
  decided_by text,
  PRIMARY KEY (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX holds_id ON holds (environment_id, id);
CREATE UNIQUE INDEX holds_run ON holds (environment_id, directory_id, run_id) WHERE source = 'pull';
CREATE UNIQUE INDEX holds_open_push ON holds (environment_id, directory_id) WHERE source = 'push' AND state = 'open';
CREATE INDEX holds_unfinished ON holds (opened_at) WHERE state IN ('open', 'approving');

-- What is pending: asserted by the source, not in effect. A thing is pending once; it can be approved (and not yet
-- applied) beside that. user_id or group_id is '' where the kind has none.
CREATE TABLE hold_items (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  hold_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('user', 'identity', 'group', 'membership')),
  action text NOT NULL CHECK (action IN ('deactivate', 'delete', 'change', 'remove')),
  user_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'approved')),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, directory_id, hold_id, id),
  FOREIGN KEY (environment_id, directory_id, hold_id) REFERENCES holds (environment_id, directory_id, id)
    ON DELETE CASCADE
);
CREATE UNIQUE INDEX hold_items_thing
  ON hold_items (environment_id, directory_id, kind, user_id, group_id, state);

-- Removals that took effect, kept as long as they can be restored. linked_ids: the groups of a removed user, the
-- members of a removed group, as they were.
CREATE TABLE removals (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('user', 'group', 'membership')),
  action text NOT NULL CHECK (action IN ('deactivate', 'delete', 'remove')),
  user_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  linked_ids text[] NOT NULL,
  hold_id text COLLATE "C",
  run_id text COLLATE "C",
  removed_at timestamptz(3) NOT NULL,
  restored text NOT NULL DEFAULT 'no' CHECK (restored IN ('no', 'self', 'all')),
  PRIMARY KEY (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX removals_user ON removals (environment_id, directory_id, user_id) WHERE kind = 'user';
CREATE INDEX removals_group ON removals (environment_id, directory_id, group_id) WHERE kind = 'group';
CREATE INDEX removals_hold ON removals (environment_id, directory_id, hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX removals_run ON removals (environment_id, directory_id, run_id) WHERE run_id IS NOT NULL;
CREATE INDEX removals_age ON removals (removed_at);
`;

const DOWN = `
DROP TABLE removals, hold_items, holds, guard_windows;
ALTER TABLE directory_users DROP COLUMN guard;
`;

export class CreateRemovalGuard20261124140000 implements MigrationInterface {
  readonly name = 'CreateRemovalGuard20261124140000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

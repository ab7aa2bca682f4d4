import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Consent that is asked for: one link per directory, a newer one replaces it. Of the state in it only the digest is kept;
 * the proof key is sealed. A callback that exchanges a code holds the row until claimed_until, so that no code is sent
 * twice; whoever dies in between leaves a link that can be used again after that.
 */
const UP = `
CREATE TABLE directory_authorizations (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  state_digest text COLLATE "C" NOT NULL UNIQUE,
  verifier text,
  redirect_uri text NOT NULL,
  requested_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  claimed_until timestamptz(3) NOT NULL DEFAULT '-infinity',
  tries integer NOT NULL DEFAULT 0,
  -- Why the last try came to nothing.
  problem text,
  missing_scopes text[] NOT NULL DEFAULT '{}',
  completed_at timestamptz(3),
  PRIMARY KEY (environment_id, directory_id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
`;

const DOWN = `DROP TABLE directory_authorizations`;

export class CreateDirectoryAuthorizations20261129150000 implements MigrationInterface {
  readonly name = 'CreateDirectoryAuthorizations20261129150000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}

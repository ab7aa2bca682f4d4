import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Credentials that are good for one use. A connection test uses what somebody has entered and not stored yet; what the
 * vendor gave in exchange waits here, by the digest of what was entered, until it is entered again to be stored.
 * `entered` of a stored credential: what it came from, so that entering that again does not undo its replacement.
 */
const UP = `
ALTER TABLE directory_credentials ADD COLUMN entered text COLLATE "C";

CREATE TABLE entered_secrets (
  environment_id text COLLATE "C" NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  digest text COLLATE "C" NOT NULL,
  sealed text NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (environment_id, digest)
);
CREATE INDEX entered_secrets_age ON entered_secrets (updated_at);
`;

const DOWN = `
DROP TABLE entered_secrets;
ALTER TABLE directory_credentials DROP COLUMN entered;
`;

export class CreateEnteredSecrets20261126120000 implements MigrationInterface {
  readonly name = 'CreateEnteredSecrets20261126120000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

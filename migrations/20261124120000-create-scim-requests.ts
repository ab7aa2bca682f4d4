import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * The request log. No foreign keys: checking them would cost every row of an onboarding more than writing it, and
 * nothing is ever read from here without the directory having been asked for first.
 *
 * created_at is the time inside the id, so an id names its partition. A refused login stands at the directory that its
 * address names, without a token.
 */
const UP = `
CREATE TABLE scim_requests (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  scim_version text NOT NULL,
  method text NOT NULL,
  path text NOT NULL,
  query text,
  status integer NOT NULL,
  duration_ms real NOT NULL,
  user_agent text,
  token_id text COLLATE "C",
  resource_type text,
  resource_id text COLLATE "C",
  subject text,
  scim_type text,
  summary text NOT NULL,
  reason text,
  fix text,
  headers json NOT NULL,
  request_body text,
  response_body text,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, directory_id, id, created_at)
) PARTITION BY RANGE (created_at);
-- "What went wrong?" must not walk over a million requests that did not.
CREATE INDEX scim_requests_refused ON scim_requests (environment_id, directory_id, id) WHERE status >= 400;
CREATE TABLE scim_requests_default PARTITION OF scim_requests DEFAULT;

GRANT SELECT, INSERT, UPDATE, DELETE ON scim_requests TO rollcall_app;
`;

export class CreateScimRequests20261124120000 implements MigrationInterface {
  readonly name = 'CreateScimRequests20261124120000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE scim_requests');
  }
}

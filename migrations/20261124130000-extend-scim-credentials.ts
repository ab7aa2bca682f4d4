import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * A credential of a directory is a bearer token or an OAuth client; they share a table, because they share the limit of
 * live ones, expiry and its notices. What has expired already when this runs was nobody's news then, and is none now.
 */
const UP = `
ALTER TABLE directory_tokens
  ADD COLUMN kind text NOT NULL DEFAULT 'bearer' CHECK (kind IN ('bearer', 'oauth_client')),
  ADD COLUMN replaced_by text COLLATE "C",
  ADD COLUMN expiry_notice smallint CHECK (expiry_notice IN (14, 7, 1, 0));
UPDATE directory_tokens SET expiry_notice = 0 WHERE expires_at <= now();
CREATE INDEX directory_tokens_expiry ON directory_tokens (expires_at)
  WHERE revoked_at IS NULL AND expires_at IS NOT NULL AND expiry_notice IS DISTINCT FROM 0;

ALTER TABLE directories
  ADD COLUMN paused_at timestamptz(3),
  ADD COLUMN paused_by text,
  ADD COLUMN pause_reason text,
  ADD CONSTRAINT directories_pause CHECK ((paused_at IS NULL) = (paused_by IS NULL));

ALTER TABLE environments ADD COLUMN scim_rate_limit integer CHECK (scim_rate_limit >= 0);
`;

const DOWN = `
ALTER TABLE environments DROP COLUMN scim_rate_limit;
ALTER TABLE directories DROP COLUMN paused_at, DROP COLUMN paused_by, DROP COLUMN pause_reason;
DELETE FROM directory_tokens WHERE kind <> 'bearer';
ALTER TABLE directory_tokens DROP COLUMN kind, DROP COLUMN replaced_by, DROP COLUMN expiry_notice;
`;

export class ExtendScimCredentials20261124130000 implements MigrationInterface {
  readonly name = 'ExtendScimCredentials20261124130000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

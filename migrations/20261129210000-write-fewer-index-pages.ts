import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * What a change costs is mostly pages that it touches. Who is in which groups is looked up by the person: with the group
 * as its last column each entry was unique, and the index five times as large as with equal entries stored once. And a
 * person's row has room beside it for the next version, which then needs no new entry in any of five indexes.
 */
const CREATE = `
DROP INDEX source_members_member;
CREATE INDEX source_members_member ON source_members (environment_id, directory_id, member_kind, member_id);
ALTER TABLE directory_users SET (fillfactor = 85);
`;
const DROP = `
ALTER TABLE directory_users RESET (fillfactor);
DROP INDEX source_members_member;
CREATE INDEX source_members_member ON source_members (environment_id, directory_id, member_kind, member_id, group_id);
`;

export class WriteFewerIndexPages20261129210000 implements MigrationInterface {
  readonly name = 'WriteFewerIndexPages20261129210000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DROP);
  }
}

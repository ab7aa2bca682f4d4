import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Refused logins for the operator: entries whose environment and directory are '', because nobody has proved to belong to
 * any. address_key is what stood in the address where the key of a directory belongs.
 */
const UP = `
ALTER TABLE scim_requests ADD COLUMN peer text, ADD COLUMN address_key text COLLATE "C";
`;

const DOWN = `
DELETE FROM scim_requests WHERE environment_id = '';
ALTER TABLE scim_requests DROP COLUMN peer, DROP COLUMN address_key;
`;

export class LogRefusedLogins20261126130000 implements MigrationInterface {
  readonly name = 'LogRefusedLogins20261126130000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

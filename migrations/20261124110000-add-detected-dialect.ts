import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which dialect the requests of a directory look like: for display, `dialect` alone decides. */
export class AddDetectedDialect20261124110000 implements MigrationInterface {
  readonly name = 'AddDetectedDialect20261124110000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE directories ADD COLUMN detected_dialect text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE directories DROP COLUMN detected_dialect');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * An event that names a person and a group has 2 to 3 kB, and what has more than 2 kB is compressed on its way in. With
 * PostgreSQL's own method that took longer than all the rest of storing it; LZ4 takes a tenth of that. A server that was
 * built without LZ4 keeps events of ordinary size as they are.
 */
const UP = `
DO $$
DECLARE
  part regclass;
  has_lz4 boolean := EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals));
BEGIN
  IF has_lz4 THEN
    ALTER TABLE events ALTER COLUMN body SET COMPRESSION lz4;
  END IF;
  FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'events'::regclass LOOP
    IF has_lz4 THEN
      EXECUTE format('ALTER TABLE %s ALTER COLUMN body SET COMPRESSION lz4', part);
    ELSE
      EXECUTE format('ALTER TABLE %s SET (toast_tuple_target = 4080)', part);
    END IF;
  END LOOP;
END $$;`;

const DOWN = `
DO $$
DECLARE
  part regclass;
BEGIN
  ALTER TABLE events ALTER COLUMN body SET COMPRESSION default;
  FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'events'::regclass LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN body SET COMPRESSION default', part);
    EXECUTE format('ALTER TABLE %s RESET (toast_tuple_target)', part);
  END LOOP;
END $$;`;

export class CompressEventsWithLz420261127140000 implements MigrationInterface {
  readonly name = 'CompressEventsWithLz420261127140000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}

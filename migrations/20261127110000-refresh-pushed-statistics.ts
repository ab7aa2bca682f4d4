import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * `refresh_statistics()` has those tables looked at as well that an onboarding by SCIM fills and a polled source does not,
 * so that the service asks one function in both cases, and needs the owner's connection in neither.
 */
const BEFORE = [
  'directory_users',
  'directory_groups',
  'memberships',
  'source_records',
  'source_members',
  'snapshot_records',
  'snapshot_listed',
  'snapshot_member_lists',
  'snapshot_member_additions',
];
const NEW = ['pending_memberships', 'nested_groups'];

/** What it may do and who may call it stay as they are. */
function refreshOf(tables: readonly string[]): string {
  return `
CREATE OR REPLACE FUNCTION refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
DECLARE
  grown regclass;
BEGIN
  FOR grown IN
    SELECT c.oid FROM pg_catalog.pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND c.relname IN (${tables.map((table) => `'${table}'`).join(', ')})
      AND pg_relation_size(c.oid) / current_setting('block_size')::bigint > greatest(2, 4 * c.relpages)
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown);
  END LOOP;
END $$;`;
}

export class RefreshPushedStatistics20261127110000 implements MigrationInterface {
  readonly name = 'RefreshPushedStatistics20261127110000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(refreshOf([...BEFORE, ...NEW]));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(refreshOf(BEFORE));
  }
}

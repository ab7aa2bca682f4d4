import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * A noted change of a membership says which way it went, so that nobody has to look the edge up again. Who writes an edge
 * writes the note in the same statement; notes that a run under way has left are given theirs here.
 */
const CREATE = `
ALTER TABLE source_member_changes ADD COLUMN is_member boolean;
UPDATE source_member_changes c SET is_member = EXISTS (SELECT FROM source_members m
  WHERE m.environment_id = c.environment_id AND m.directory_id = c.directory_id AND m.group_id = c.group_id
    AND m.member_kind = 'user' AND m.member_id = c.member_id);
ALTER TABLE source_member_changes ALTER COLUMN is_member SET NOT NULL;
`;
const DROP = 'ALTER TABLE source_member_changes DROP COLUMN is_member';

export class NoteWhichWayMembersChanged20261129200000 implements MigrationInterface {
  readonly name = 'NoteWhichWayMembersChanged20261129200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DROP);
  }
}

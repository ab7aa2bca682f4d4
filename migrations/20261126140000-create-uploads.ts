import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Files that customers upload. Their content lies here, so that every worker can read what any process has received; it
 * is compressed or will be, so PostgreSQL need not try. A row outlives its content: it tells what came and when.
 * service_secrets belongs to the installation, not to a tenant: all processes show the same SSH host key.
 */
const UP = `
CREATE TABLE uploaded_files (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  -- The sender named its checksum, and it fits.
  is_checked boolean NOT NULL,
  announced_rows integer,
  via text NOT NULL CHECK (via IN ('https', 'sftp')),
  state text NOT NULL CHECK (state IN ('incoming', 'stored', 'replaced', 'deleted', 'expired')),
  received_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Until then others that belong to it are waited for.
  rests_until timestamptz(3) NOT NULL DEFAULT now(),
  run_id text COLLATE "C",
  PRIMARY KEY (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uploaded_files_name ON uploaded_files (environment_id, directory_id, name) WHERE state = 'stored';
CREATE INDEX uploaded_files_received ON uploaded_files (received_at);

CREATE TABLE uploaded_parts (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  file_id text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (environment_id, directory_id, file_id, number),
  FOREIGN KEY (environment_id, directory_id, file_id)
    REFERENCES uploaded_files (environment_id, directory_id, id) ON DELETE CASCADE
);
ALTER TABLE uploaded_parts ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE service_secrets (
  name text COLLATE "C" PRIMARY KEY,
  sealed text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Files came while a run was under way.
ALTER TABLE sync_schedules ADD COLUMN read_again_at timestamptz(3);
`;

const DOWN = `
ALTER TABLE sync_schedules DROP COLUMN read_again_at;
DROP TABLE service_secrets, uploaded_parts, uploaded_files;
`;

export class CreateUploads20261126140000 implements MigrationInterface {
  readonly name = 'CreateUploads20261126140000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

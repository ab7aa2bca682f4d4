import type { MigrationInterface, QueryRunner } from 'typeorm';

/*
 * Every key starts with environment_id (the tenant) and every foreign key carries it along, so a row of one
 * environment cannot point into another. Ids and folding keys use COLLATE "C": compared byte by byte, the same on
 * every server. Times have milliseconds, what the API shows.
 *
 * The service runs as the role rollcall_app, which owns nothing: it can neither change the schema nor rewrite the log.
 */
const UP = `
CREATE TABLE environments (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
  environment_id text COLLATE "C" NOT NULL REFERENCES environments (id),
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  PRIMARY KEY (environment_id, id)
);

CREATE TABLE idempotency_keys (
  environment_id text COLLATE "C" NOT NULL REFERENCES environments (id),
  api_key_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  request_hash bytea NOT NULL,
  status integer,
  body text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (environment_id, api_key_id, key),
  FOREIGN KEY (environment_id, api_key_id) REFERENCES api_keys (environment_id, id)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE organizations (
  environment_id text COLLATE "C" NOT NULL REFERENCES environments (id),
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  external_id text COLLATE "C",
  stripe_customer_id text COLLATE "C",
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, id)
);
CREATE UNIQUE INDEX organizations_external_id ON organizations (environment_id, external_id);

CREATE TABLE organization_domains (
  environment_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  domain text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'verified', 'failed', 'legacy_verified', 'unverified')),
  verification_strategy text NOT NULL CHECK (verification_strategy IN ('dns', 'manual')),
  verification_token text,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, id),
  FOREIGN KEY (environment_id, organization_id) REFERENCES organizations (environment_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX organization_domains_domain ON organization_domains (environment_id, domain);
CREATE INDEX organization_domains_organization ON organization_domains (environment_id, organization_id);

-- A directory that was deleted keeps its row (deleted_at) until its content is purged. It has no foreign key to the
-- organization for that reason: organizations disappear at once, the purge follows.
CREATE TABLE directories (
  environment_id text COLLATE "C" NOT NULL REFERENCES environments (id),
  id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  dialect text,
  provider text,
  external_key text COLLATE "C" NOT NULL UNIQUE,
  state text NOT NULL CHECK (state IN ('unlinked', 'linked', 'validating', 'invalid_credentials', 'deleting')),
  config jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  PRIMARY KEY (environment_id, id)
);
CREATE INDEX directories_organization ON directories (environment_id, organization_id, id);
CREATE INDEX directories_deleted ON directories (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE directory_tokens (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL UNIQUE,
  suffix text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  PRIMARY KEY (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id) ON DELETE CASCADE
);

-- The counter of one log: a directory's, or the environment's own (stream_id = environment_id). Outlives the directory.
CREATE TABLE streams (
  environment_id text COLLATE "C" NOT NULL REFERENCES environments (id),
  stream_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (environment_id, stream_id)
) WITH (fillfactor = 50);

-- Goes up when the database was restored into another cluster, where transaction ids start anew.
CREATE TABLE log_epochs (
  epoch integer PRIMARY KEY,
  cluster_identity text NOT NULL,
  started_at timestamptz(3) NOT NULL DEFAULT now()
);

-- created_at is the time inside the event's id, so an id names its partition.
CREATE TABLE events (
  environment_id text COLLATE "C" NOT NULL,
  stream_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C",
  body text NOT NULL,
  epoch integer NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, stream_id, sequence, created_at),
  FOREIGN KEY (environment_id, stream_id) REFERENCES streams (environment_id, stream_id)
) PARTITION BY RANGE (created_at);
CREATE INDEX events_feed ON events (environment_id, epoch, xid, sequence);
CREATE INDEX events_id ON events (environment_id, id);
CREATE TABLE events_default PARTITION OF events DEFAULT;

-- asserted_* is what the source says (the SCIM side), the plain columns are what is in effect (REST and events). They
-- differ only while the removal guard holds a removal back.
CREATE TABLE directory_users (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  external_id text COLLATE "C",
  user_name text NOT NULL,
  user_name_key text COLLATE "C" NOT NULL,
  email text,
  email_key text COLLATE "C",
  emails jsonb NOT NULL,
  first_name text,
  last_name text,
  name text,
  job_title text,
  active boolean NOT NULL,
  asserted_active boolean NOT NULL,
  state_reason text,
  raw jsonb NOT NULL,
  folded jsonb NOT NULL,
  custom_attributes jsonb NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  asserted_deleted_at timestamptz(3),
  PRIMARY KEY (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id)
);
CREATE UNIQUE INDEX directory_users_user_name ON directory_users (environment_id, directory_id, user_name_key)
  WHERE asserted_deleted_at IS NULL;
CREATE INDEX directory_users_id ON directory_users (environment_id, id);
CREATE INDEX directory_users_external_id ON directory_users (environment_id, directory_id, external_id)
  WHERE external_id IS NOT NULL;
CREATE INDEX directory_users_email ON directory_users (environment_id, directory_id, email_key)
  WHERE email_key IS NOT NULL;
CREATE INDEX directory_users_tombstones ON directory_users (environment_id, directory_id, user_name_key)
  WHERE asserted_deleted_at IS NOT NULL;

CREATE TABLE directory_groups (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  external_id text COLLATE "C",
  name text NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  raw jsonb NOT NULL,
  folded jsonb NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  last_modified timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  asserted_deleted_at timestamptz(3),
  PRIMARY KEY (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id) REFERENCES directories (environment_id, id)
);
CREATE INDEX directory_groups_id ON directory_groups (environment_id, id);
CREATE INDEX directory_groups_name ON directory_groups (environment_id, directory_id, name_key);
CREATE INDEX directory_groups_external_id ON directory_groups (environment_id, directory_id, external_id)
  WHERE external_id IS NOT NULL;

CREATE TABLE memberships (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  asserted boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, directory_id, group_id, user_id),
  FOREIGN KEY (environment_id, directory_id, group_id) REFERENCES directory_groups (environment_id, directory_id, id),
  FOREIGN KEY (environment_id, directory_id, user_id) REFERENCES directory_users (environment_id, directory_id, id)
);
CREATE INDEX memberships_user ON memberships (environment_id, directory_id, user_id);

-- A member nobody is known by yet; becomes a membership when such a person arrives.
CREATE TABLE pending_memberships (
  environment_id text COLLATE "C" NOT NULL,
  directory_id text COLLATE "C" NOT NULL,
  group_id text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, directory_id, group_id, value),
  FOREIGN KEY (environment_id, directory_id, group_id) REFERENCES directory_groups (environment_id, directory_id, id)
);
CREATE INDEX pending_memberships_value ON pending_memberships (environment_id, directory_id, value);

CREATE TABLE webhook_endpoints (
  environment_id text COLLATE "C" NOT NULL REFERENCES environments (id),
  id text COLLATE "C" NOT NULL,
  endpoint_url text NOT NULL,
  events text[] NOT NULL,
  directory_ids text[],
  status text NOT NULL CHECK (status IN ('enabled', 'disabled')),
  disabled_reason text,
  ordering text NOT NULL CHECK (ordering IN ('none', 'directory')),
  concurrency integer NOT NULL CHECK (concurrency BETWEEN 1 AND 256),
  custom_headers text,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, id)
);
CREATE UNIQUE INDEX webhook_endpoints_url ON webhook_endpoints (environment_id, endpoint_url);

CREATE TABLE webhook_secrets (
  environment_id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3),
  PRIMARY KEY (environment_id, endpoint_id, id),
  FOREIGN KEY (environment_id, endpoint_id) REFERENCES webhook_endpoints (environment_id, id) ON DELETE CASCADE
);

-- Who sends for an endpoint right now. One worker holds all lanes of an endpoint, so its caps hold across processes.
-- token fences: whoever lost the lease can record nothing.
CREATE TABLE webhook_leases (
  environment_id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  token bigint NOT NULL DEFAULT 0,
  lease_until timestamptz NOT NULL DEFAULT '-infinity',
  failing_since timestamptz(3),
  PRIMARY KEY (environment_id, endpoint_id),
  FOREIGN KEY (environment_id, endpoint_id) REFERENCES webhook_endpoints (environment_id, id) ON DELETE CASCADE
) WITH (fillfactor = 30);

-- A lane: how far an endpoint has got in one stream. No row means nothing sent yet (the stream is younger than the
-- endpoint).
CREATE TABLE webhook_lanes (
  environment_id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  stream_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (environment_id, endpoint_id, stream_id),
  FOREIGN KEY (environment_id, endpoint_id) REFERENCES webhook_endpoints (environment_id, id) ON DELETE CASCADE,
  FOREIGN KEY (environment_id, stream_id) REFERENCES streams (environment_id, stream_id)
) WITH (fillfactor = 30);

-- Events whose last attempt failed and that will be tried again.
CREATE TABLE webhook_retries (
  environment_id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  stream_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  attempts integer NOT NULL,
  next_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, endpoint_id, stream_id, sequence),
  FOREIGN KEY (environment_id, endpoint_id) REFERENCES webhook_endpoints (environment_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_retries_due ON webhook_retries (next_at);
CREATE INDEX webhook_retries_endpoint ON webhook_retries (environment_id, endpoint_id, next_at);

CREATE TABLE webhook_attempts (
  environment_id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  stream_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  attempt integer NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'discarded')),
  http_status integer,
  error text,
  response_excerpt text,
  duration_ms integer NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (environment_id, endpoint_id, id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX webhook_attempts_event ON webhook_attempts (environment_id, event_id);
CREATE TABLE webhook_attempts_default PARTITION OF webhook_attempts DEFAULT;

GRANT USAGE ON SCHEMA public TO rollcall_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rollcall_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rollcall_app;
-- The log is append-only for the service.
REVOKE UPDATE, DELETE ON events, log_epochs FROM rollcall_app;
`;

const DOWN = `
DROP TABLE webhook_attempts, webhook_retries, webhook_lanes, webhook_leases, webhook_secrets, webhook_endpoints,
  pending_memberships, memberships, directory_groups, directory_users, events, log_epochs, streams,
  directory_tokens, directories, organization_domains, organizations, idempotency_keys, api_keys, environments;
`;

const CREATE_ROLE = `
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rollcall_app') THEN
    CREATE ROLE rollcall_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another database of the same cluster created it at the same moment
END $$;
`;

const GRANT_ROLE = `
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'rollcall_app', 'MEMBER') THEN
    EXECUTE format('GRANT rollcall_app TO %I', current_user);
  END IF;
END $$;
`;

export class CreateSchema20261123100000 implements MigrationInterface {
  readonly name = 'CreateSchema20261123100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(CREATE_ROLE);
    await queryRunner.query(GRANT_ROLE);
    await queryRunner.query(UP);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(DOWN);
  }
}

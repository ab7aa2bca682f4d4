import type { MigrationInterface } from 'typeorm';

import { CreateSchema20261123100000 } from '../../migrations/20261123100000-create-schema.js';
import { TuneDirectoryTables20261124100000 } from '../../migrations/20261124100000-tune-directory-tables.js';
import { AddDetectedDialect20261124110000 } from '../../migrations/20261124110000-add-detected-dialect.js';
import { CreateScimRequests20261124120000 } from '../../migrations/20261124120000-create-scim-requests.js';
import { ExtendScimCredentials20261124130000 } from '../../migrations/20261124130000-extend-scim-credentials.js';
import { CreateRemovalGuard20261124140000 } from '../../migrations/20261124140000-create-removal-guard.js';
import { CreateSnapshots20261124150000 } from '../../migrations/20261124150000-create-snapshots.js';
import { CreateSyncRuns20261124160000 } from '../../migrations/20261124160000-create-sync-runs.js';
import { PackSnapshotMembers20261125120000 } from '../../migrations/20261125120000-pack-snapshot-members.js';
import { NestGroups20261126100000 } from '../../migrations/20261126100000-nest-groups.js';
import { ListSnapshotRecords20261126110000 } from '../../migrations/20261126110000-list-snapshot-records.js';
import { CreateEnteredSecrets20261126120000 } from '../../migrations/20261126120000-create-entered-secrets.js';
import { LogRefusedLogins20261126130000 } from '../../migrations/20261126130000-log-refused-logins.js';
import { CreateUploads20261126140000 } from '../../migrations/20261126140000-create-uploads.js';
import { RefreshPushedStatistics20261127110000 } from '../../migrations/20261127110000-refresh-pushed-statistics.js';
import { CheckStreamsOnce20261127120000 } from '../../migrations/20261127120000-check-streams-once.js';
import { CheckMembershipsByStatement20261127130000 } from '../../migrations/20261127130000-check-memberships-by-statement.js';
import { CompressEventsWithLz420261127140000 } from '../../migrations/20261127140000-compress-events-with-lz4.js';
import { RememberMemberLists20261129120000 } from '../../migrations/20261129120000-remember-member-lists.js';
import { NoteMissingMembersApart20261129130000 } from '../../migrations/20261129130000-note-missing-members-apart.js';
import { LookRecordsUpByHash20261129140000 } from '../../migrations/20261129140000-look-records-up-by-hash.js';
import { CreateDirectoryAuthorizations20261129150000 } from '../../migrations/20261129150000-create-directory-authorizations.js';
import { NoteWhichWayMembersChanged20261129200000 } from '../../migrations/20261129200000-note-which-way-members-changed.js';
import { WriteFewerIndexPages20261129210000 } from '../../migrations/20261129210000-write-fewer-index-pages.js';
import { CompareListsWhileStaging20261129220000 } from '../../migrations/20261129220000-compare-lists-while-staging.js';
import { LetTheLeaseGuardStaging20261129220500 } from '../../migrations/20261129220500-let-the-lease-guard-staging.js';

/** Every migration, oldest first. A new one is added at the end; none is ever changed or removed. */
export const MIGRATIONS: (new () => MigrationInterface & { readonly name: string })[] = [
  CreateSchema20261123100000,
  TuneDirectoryTables20261124100000,
  AddDetectedDialect20261124110000,
  CreateScimRequests20261124120000,
  ExtendScimCredentials20261124130000,
  CreateRemovalGuard20261124140000,
  CreateSnapshots20261124150000,
  CreateSyncRuns20261124160000,
  PackSnapshotMembers20261125120000,
  NestGroups20261126100000,
  ListSnapshotRecords20261126110000,
  CreateEnteredSecrets20261126120000,
  LogRefusedLogins20261126130000,
  CreateUploads20261126140000,
  RefreshPushedStatistics20261127110000,
  CheckStreamsOnce20261127120000,
  CheckMembershipsByStatement20261127130000,
  CompressEventsWithLz420261127140000,
  RememberMemberLists20261129120000,
  NoteMissingMembersApart20261129130000,
  LookRecordsUpByHash20261129140000,
  CreateDirectoryAuthorizations20261129150000,
  NoteWhichWayMembersChanged20261129200000,
  WriteFewerIndexPages20261129210000,
  CompareListsWhileStaging20261129220000,
  LetTheLeaseGuardStaging20261129220500,
];

/** Their names as they stand in the table of migrations, oldest first. */
export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map((migration) => new migration().name);

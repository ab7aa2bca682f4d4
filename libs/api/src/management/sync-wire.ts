import type {
  CheckReport,
  Connector,
  MaintenanceWindow,
  StoredCredential,
  StreamProgress,
  SyncRun,
  SyncRunItem,
  SyncSchedule,
} from '#connectors';
import { knownTotal, progressIn, secondsLeft } from '#connectors';
import type { JsonObject } from '#kernel';

/** The form of one connector, without anything that is only for the engine. */
export function connectorWire({ manifest }: Connector, redirectUri: string): JsonObject {
  const { capabilities, authorization } = manifest;
  return {
    object: 'connector',
    id: manifest.id,
    label: manifest.label,
    type: manifest.directoryType,
    kind: manifest.kind,
    docs_url: manifest.docsUrl,
    form: manifest.form as unknown as JsonObject[],
    scopes: manifest.scopes.map(({ scope, for: what, required }) => ({ scope, for: what, required })),
    authorization: authorization
      ? {
          refresh_token_field: authorization.fields.refreshToken,
          when: authorization.when ?? null,
          redirect_uri: redirectUri,
        }
      : null,
    capabilities: {
      groups: capabilities.groups,
      nested_groups: capabilities.nestedGroups,
      incremental: capabilities.incremental,
      look_up: capabilities.lookUp,
      lists_inactive: capabilities.listsInactive,
      lists_future: capabilities.listsFuture,
    },
    intervals: { ...manifest.intervals },
  };
}

export function syncRunWire(run: SyncRun, now: Date): JsonObject {
  const progress = progressIn(run);
  const { progress: _progress, ...counts } = run.counts;
  return {
    object: 'sync_run',
    id: run.id,
    directory_id: run.directoryId,
    mode: run.mode,
    trigger: run.trigger,
    status: run.status,
    needs_approval: run.needsApproval,
    pages: run.pages,
    records: run.records,
    invalid_records: run.invalid,
    total_records: knownTotal(run),
    applied_changes: progress?.done ?? null,
    total_changes: progress?.total ?? null,
    eta_seconds: secondsLeft(run, now),
    streams: run.streams.map(streamWire),
    counts,
    error: run.error && { ...run.error },
    created_at: run.createdAt,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
  };
}

/** Checkpoints and cursors stay inside: a vendor's link may be as good as a look at the data. */
function streamWire(stream: StreamProgress): JsonObject {
  const { id, state, pages, records, total, proof, error } = stream;
  return { id, state, pages, records, total, proof, error: error && { ...error } };
}

export function syncRunItemWire({ id, kind, detail }: SyncRunItem): JsonObject {
  return { object: 'sync_run_item', id, kind, detail };
}

export function scheduleWire(directoryId: string, schedule: SyncSchedule): JsonObject {
  return {
    object: 'sync_schedule',
    directory_id: directoryId,
    incremental_interval: schedule.incrementalSeconds,
    full_interval: schedule.fullSeconds,
    paused: schedule.paused,
    maintenance_windows: schedule.windows.map(windowWire),
    next_incremental_at: schedule.nextIncrementalAt,
    next_full_at: schedule.nextFullAt,
    last_succeeded_at: schedule.lastSucceededAt,
    needs_approval: schedule.needsApproval,
    failures: schedule.failures,
  };
}

function windowWire({ days, from, to, timeZone }: MaintenanceWindow): JsonObject {
  return { days: [...days], from, to, time_zone: timeZone };
}

export function checkWire(report: CheckReport): JsonObject {
  return {
    object: 'connection_check',
    ok: report.error === null,
    error: report.error && { ...report.error },
    users: report.users,
    groups: report.groups,
    samples: report.samples.map(({ user, known }) => ({
      idp_id: user.sourceId,
      username: user.userName,
      email: user.email,
      first_name: user.firstName,
      last_name: user.lastName,
      name: user.name,
      job_title: user.jobTitle,
      state: user.active ? 'active' : 'inactive',
      already_known_as: known.map(({ directoryId, id }) => ({ directory_id: directoryId, id })),
    })),
    warnings: [...report.warnings],
  };
}

export function credentialWire({ field, updatedAt }: StoredCredential): JsonObject {
  return { object: 'directory_credential', field, updated_at: updatedAt };
}

import type { JsonObject } from '#kernel';
import { ANY_OBJECT, record, ref, STRING, STRING_OR_NULL, TIME, TIME_OR_NULL } from '../openapi/operation.js';

const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const COUNT_OR_NULL: JsonObject = { type: ['integer', 'null'] };
const BOOLEAN: JsonObject = { type: 'boolean' };
const ERROR_OR_NULL: JsonObject = { anyOf: [ref('SyncError'), { type: 'null' }] };

const WINDOW = record({
  days: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 7 }, description: '1 is Monday.' },
  from: { type: 'string', examples: ['22:00'] },
  to: { type: 'string', examples: ['06:00'] },
  time_zone: { type: 'string', examples: ['Europe/Vienna'] },
});

export const syncRunSchemas: Record<string, JsonObject> = {
  SyncRun: record({
    object: { type: 'string', const: 'sync_run' },
    id: STRING,
    directory_id: STRING,
    mode: { type: 'string', enum: ['full', 'incremental', 'preview'] },
    trigger: { type: 'string', enum: ['schedule', 'manual'] },
    status: {
      type: 'string',
      enum: [
        'queued',
        'fetching',
        'planning',
        'awaiting_approval',
        'applying',
        'succeeded',
        'partial',
        'failed',
        'cancelled',
        'previewed',
      ],
    },
    needs_approval: BOOLEAN,
    pages: COUNT,
    records: COUNT,
    invalid_records: COUNT,
    total_records: { ...COUNT_OR_NULL, description: 'As far as anybody knows.' },
    applied_changes: {
      ...COUNT_OR_NULL,
      description:
        'Of people, groups and memberships, while the run is applied; brought up to date once a second.',
    },
    total_changes: { ...COUNT_OR_NULL, description: 'About as many there are to apply.' },
    eta_seconds: { ...COUNT_OR_NULL, description: 'Until everything is read, and then until it is applied.' },
    streams: {
      type: 'array',
      items: record({
        id: STRING,
        state: { type: 'string', enum: ['reading', 'complete', 'incomplete'] },
        pages: COUNT,
        records: COUNT,
        total: COUNT_OR_NULL,
        proof: STRING_OR_NULL,
        error: ERROR_OR_NULL,
      }),
    },
    counts: { ...ANY_OBJECT, description: 'What the run changes or has changed, by kind and action.' },
    error: ERROR_OR_NULL,
    created_at: TIME,
    started_at: TIME_OR_NULL,
    finished_at: TIME_OR_NULL,
  }),
  SyncRunItem: record({
    object: { type: 'string', const: 'sync_run_item' },
    id: STRING,
    kind: { type: 'string', description: '`invalid`: could not be read. `change`: an example of a change.' },
    detail: ANY_OBJECT,
  }),
  SyncSchedule: record({
    object: { type: 'string', const: 'sync_schedule' },
    directory_id: STRING,
    incremental_interval: { ...COUNT_OR_NULL, description: 'Seconds.' },
    full_interval: COUNT,
    paused: BOOLEAN,
    maintenance_windows: { type: 'array', items: WINDOW },
    next_incremental_at: TIME_OR_NULL,
    next_full_at: TIME_OR_NULL,
    last_succeeded_at: TIME_OR_NULL,
    needs_approval: { type: 'boolean', description: 'The next run waits for somebody who looks at it.' },
    failures: { type: 'integer', description: 'Runs that failed since the last good one.' },
  }),
};

import type { JsonObject } from '#kernel';
import { record, STRING, STRING_OR_NULL, TIME, TIME_OR_NULL } from '../openapi/operation.js';

const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const COUNTS = record({ users: COUNT, groups: COUNT, memberships: COUNT, identities: COUNT });
const NAMES: JsonObject = { type: 'array', items: STRING, maxItems: 20 };

const HOLD: Record<string, JsonObject> = {
  object: { type: 'string', const: 'removal_hold' },
  id: STRING,
  directory_id: STRING,
  source: { type: 'string', enum: ['push', 'pull', 'restore'] },
  state: { type: 'string', enum: ['open', 'approving', 'approved', 'rejected', 'withdrawn'] },
  run_id: STRING_OR_NULL,
  reasons: { type: 'array', items: STRING },
  judged: { ...COUNTS, description: 'What had been removed, or would have been, when the hold was opened.' },
  opened_at: TIME,
  decided_at: TIME_OR_NULL,
  decided_by: STRING_OR_NULL,
};

const LIMIT = record({ count: COUNT, percent: { type: 'number', minimum: 0 } });
const LIMITS = record({ users: LIMIT, groups: LIMIT, memberships: LIMIT });

export const removalHoldSchemas: Record<string, JsonObject> = {
  RemovalHold: record(HOLD),
  RemovalHoldDetails: record({
    ...HOLD,
    pending: { ...COUNTS, description: 'What waits now.' },
    names: record({ users: NAMES, groups: NAMES }),
  }),
  RemovalHoldItem: record({
    object: { type: 'string', const: 'removal_hold_item' },
    id: STRING,
    kind: { type: 'string', enum: ['user', 'identity', 'group', 'membership'] },
    action: { type: 'string', enum: ['deactivate', 'delete', 'change', 'remove'] },
    state: { type: 'string', enum: ['pending', 'approved', 'applied'] },
    user_id: STRING_OR_NULL,
    user_name: STRING_OR_NULL,
    group_id: STRING_OR_NULL,
    group_name: STRING_OR_NULL,
    created_at: TIME,
  }),
  RemovalPolicy: record({
    object: { type: 'string', const: 'removal_policy' },
    directory_id: STRING,
    action: { type: 'string', enum: ['hold', 'alert_only'] },
    push: { ...LIMITS, description: 'Per hour of pushed traffic.' },
    pull: { ...LIMITS, description: 'Per run of a polled source.' },
    release_after_hours: { type: ['integer', 'null'] },
    relaxed: {
      anyOf: [record({ percent: { type: 'number' }, since: TIME }), { type: 'null' }],
      description: 'Up to this share passes without approval for 24 hours from then.',
    },
  }),
  RestoredRemovals: record({
    object: { type: 'string', const: 'restored_removals' },
    users: COUNT,
    groups: COUNT,
    memberships: COUNT,
    hold_id: { type: 'string', description: 'Lists what the source still asserts to be removed.' },
  }),
};

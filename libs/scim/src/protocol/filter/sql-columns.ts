import type { ResourceTypeName } from '../schema/definitions.js';
import { RESOURCE_TYPES } from '../schema/resource-types.js';
import type { Operand } from './sql-test.js';
import { quote } from './sql-text.js';

/** Rows that stand for the elements of a multi-valued attribute. */
export interface ElementRows {
  readonly from: string;
  readonly where: string;
  readonly value: Operand;
  /** Parts of an element beside its value. */
  readonly parts?: Readonly<Record<string, Operand>>;
}

const USER_COLUMNS: ReadonlyMap<string, Operand> = new Map<string, Operand>([
  ['id', { kind: 'text', text: 'u.id', nullable: false }],
  ['externalId', { kind: 'text', text: 'u.external_id', nullable: true }],
  ['userName', { kind: 'text', text: 'u.user_name_key', nullable: false }],
  ['active', { kind: 'boolean', text: 'u.asserted_active' }],
  ['meta.created', { kind: 'time', text: 'u.created_at' }],
  ['meta.lastModified', { kind: 'time', text: 'u.updated_at' }],
  // Tests on addresses compare ids.
  ['meta.location', { kind: 'text', text: 'u.id', nullable: false }],
  ['meta.version', { kind: 'text', text: `('W/"' || u.version || '"')`, nullable: false }],
  ['meta.resourceType', { kind: 'text', text: `'User'::text`, nullable: false }],
]);

const GROUP_COLUMNS: ReadonlyMap<string, Operand> = new Map<string, Operand>([
  ['id', { kind: 'text', text: 'g.id', nullable: false }],
  ['externalId', { kind: 'text', text: 'g.external_id', nullable: true }],
  ['displayName', { kind: 'text', text: 'g.name_key', nullable: false }],
  ['meta.created', { kind: 'time', text: 'g.created_at' }],
  ['meta.lastModified', { kind: 'time', text: 'g.last_modified' }],
  // Tests on addresses compare ids.
  ['meta.location', { kind: 'text', text: 'g.id', nullable: false }],
  ['meta.version', { kind: 'text', text: `('W/"' || g.version || '"')`, nullable: false }],
  ['meta.resourceType', { kind: 'text', text: `'Group'::text`, nullable: false }],
]);

const MEMBER_ROWS: readonly ElementRows[] = [
  {
    from: 'memberships m',
    where:
      'm.environment_id = g.environment_id AND m.directory_id = g.directory_id AND m.group_id = g.id AND m.asserted AND m.direct',
    value: { kind: 'text', text: 'm.user_id', nullable: false },
    parts: {
      display: {
        kind: 'text',
        text: `(SELECT o.user_name_key FROM directory_users o WHERE o.environment_id = m.environment_id
          AND o.directory_id = m.directory_id AND o.id = m.user_id)`,
        nullable: true,
      },
      type: { kind: 'text', text: `'user'::text`, nullable: false },
      $ref: { kind: 'text', text: 'm.user_id', nullable: false },
    },
  },
  {
    from: 'nested_groups n',
    where: 'n.environment_id = g.environment_id AND n.directory_id = g.directory_id AND n.group_id = g.id',
    value: { kind: 'text', text: 'n.member_id', nullable: false },
    parts: {
      display: {
        kind: 'text',
        text: `(SELECT o.name_key FROM directory_groups o WHERE o.environment_id = n.environment_id
          AND o.directory_id = n.directory_id AND o.id = n.member_id)`,
        nullable: true,
      },
      type: { kind: 'text', text: `'group'::text`, nullable: false },
      $ref: { kind: 'text', text: 'n.member_id', nullable: false },
    },
  },
  {
    from: 'pending_memberships p',
    where: 'p.environment_id = g.environment_id AND p.directory_id = g.directory_id AND p.group_id = g.id',
    value: { kind: 'text', text: 'p.value', nullable: false },
    parts: {
      display: { kind: 'text', text: 'NULL::text', nullable: true },
      $ref: { kind: 'text', text: 'NULL::text', nullable: true },
      type: {
        kind: 'text',
        text: `(CASE WHEN p.is_group THEN 'group' ELSE 'user' END)`,
        nullable: false,
      },
    },
  },
];

const GROUP_ROWS: readonly ElementRows[] = [
  {
    from: 'memberships m',
    where:
      'm.environment_id = u.environment_id AND m.directory_id = u.directory_id AND m.user_id = u.id AND m.asserted',
    value: { kind: 'text', text: 'm.group_id', nullable: false },
    parts: {
      display: {
        kind: 'text',
        text: `(SELECT o.name_key FROM directory_groups o WHERE o.environment_id = m.environment_id
          AND o.directory_id = m.directory_id AND o.id = m.group_id)`,
        nullable: true,
      },
      $ref: { kind: 'text', text: 'm.group_id', nullable: false },
      type: { kind: 'text', text: `(CASE WHEN m.direct THEN 'direct' ELSE 'indirect' END)`, nullable: false },
    },
  },
];

/** The column that holds an attribute; `meta.created` and the like for the parts of `meta`. */
export function columnOf(target: ResourceTypeName, name: string): Operand | undefined {
  return (target === 'User' ? USER_COLUMNS : GROUP_COLUMNS).get(name);
}

/** Rows for the attributes whose elements are not in the document. */
export function rowsOf(target: ResourceTypeName, name: string): readonly ElementRows[] | undefined {
  if (name === 'schemas') return [schemaRows(target)];
  if (target === 'User') return name === 'groups' ? GROUP_ROWS : undefined;
  return name === 'members' ? MEMBER_ROWS : undefined;
}

/** `schemas` is computed: the main schema and each extension with data. */
function schemaRows(target: ResourceTypeName): ElementRows {
  const document = target === 'User' ? 'u.raw' : 'g.raw';
  const main = quote(RESOURCE_TYPES[target].schema.id);
  return {
    from:
      `(SELECT ${main} AS urn UNION ALL SELECT x.key FROM jsonb_each(${document}) x ` +
      `WHERE strpos(x.key, ':') > 0 AND jsonb_typeof(x.value) = 'object' AND x.value <> '{}'::jsonb) s`,
    where: 'TRUE',
    value: { kind: 'text', text: 's.urn', nullable: false },
  };
}

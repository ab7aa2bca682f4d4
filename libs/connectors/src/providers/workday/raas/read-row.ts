import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { GroupType } from '../../../sdk/hr/hr-form.js';
import { DATE_FIELDS, GROUP_KINDS, WORKER_FIELDS, type WorkerField } from '../fields.js';
import { plainDate } from '../plain-date.js';
import { foldAlias, type Columns } from './columns.js';

/** Read from columns of their own; `manager` names a column with an object per manager. */
const SCALARS = WORKER_FIELDS.filter((field) => field !== 'id');

/** A row by folded aliases. Fields that are empty are left out by Workday. */
export type FoldedRow = ReadonlyMap<string, JsonValue>;

export function foldRow(row: JsonObject): FoldedRow {
  const folded = new Map<string, JsonValue>();
  for (const [alias, value] of Object.entries(row)) {
    const name = foldAlias(alias);
    if (name !== '' && !folded.has(name) && !isEmpty(value)) folded.set(name, value);
  }
  return folded;
}

/** The column that the ids of this report are in; undefined when there is none. */
export function idColumn(row: FoldedRow, columns: Columns): string | undefined {
  return columns.namesOf('id').find((name) => row.has(name));
}

/** A row by the names of `WORKER_FIELDS`. */
export function readRow(row: FoldedRow, columns: Columns, idName: string): JsonObject {
  const fields: JsonObject = {};
  const id = textOf(row.get(idName));
  if (id !== undefined) fields['id'] = id;
  for (const field of SCALARS) {
    const value = valueIn(row, columns.namesOf(field));
    if (value !== undefined) fields[field] = isDate(field) ? plainDate(value) : value;
  }
  if (fields['manager_id'] === undefined) Object.assign(fields, managerIn(row, columns));
  const labels = GROUP_KINDS.flatMap((kind) => labelsIn(row, columns, kind));
  if (labels.length > 0) fields['labels'] = labels;
  return fields;
}

function isDate(field: WorkerField): boolean {
  return DATE_FIELDS.includes(field);
}

export function valueIn(row: FoldedRow, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = textOf(row.get(name));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** What a cell says. Of several instances the first; of an object with one text, that text. */
export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return textOf(value[0]);
  if (!isJsonObject(value)) return undefined;
  const texts = Object.values(value).filter((inner) => typeof inner === 'string');
  return texts.length === 1 ? textOf(texts[0]) : undefined;
}

/** One manager per row is all that a person can have; of several the first counts. */
function managerIn(row: FoldedRow, columns: Columns): JsonObject {
  const name = columns.namesOf('manager').find((candidate) => objectsIn(row.get(candidate)).length > 0);
  const [first] = name === undefined ? [] : objectsIn(row.get(name));
  if (first === undefined) return {};
  const manager = foldRow(first);
  const id = valueIn(manager, [...columns.namesOf('manager_id'), 'workdayid', 'employeeid', 'workerid']);
  const email = valueIn(manager, [...columns.namesOf('manager_email'), ...columns.namesOf('work_email')]);
  return {
    ...(id === undefined ? {} : { manager_id: id }),
    ...(email === undefined ? {} : { manager_email: email }),
  };
}

/** Whether a row names several managers, which the admin wants to know. */
export function hasSeveralManagers(row: FoldedRow, columns: Columns): boolean {
  return columns.namesOf('manager').some((name) => objectsIn(row.get(name)).length > 1);
}

function labelsIn(row: FoldedRow, columns: Columns, kind: GroupType): JsonObject[] {
  const { names, ids } = columns.labelNames(kind);
  const name = names.flatMap((alias) => [alias, `${alias}group`]).find((alias) => row.has(alias));
  const instances = name === undefined ? [] : instancesIn(row.get(name));
  if (instances.length > 0)
    return instances.flatMap((instance) => {
      if (!isJsonObject(instance)) return label(kind, undefined, textOf(instance));
      const inner = foldRow(instance);
      return label(kind, valueIn(inner, ids), valueIn(inner, names) ?? textOf(instance));
    });
  return label(kind, valueIn(row, ids), name === undefined ? undefined : textOf(row.get(name)));
}

function label(kind: GroupType, id: string | undefined, name: string | undefined): JsonObject[] {
  if (id === undefined && name === undefined) return [];
  return [{ type: kind, ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }];
}

export function instancesIn(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? [value] : [];
}

function objectsIn(value: JsonValue | undefined): readonly JsonObject[] {
  return instancesIn(value).filter(isJsonObject);
}

function isEmpty(value: JsonValue): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

import type { JsonObject, JsonValue } from '#kernel';
import { RFC_TOLERANCE, type Tolerance } from '../tolerance.js';
import { applyPatch } from './apply-patch.js';
import type { PatchOperation } from './read-operations.js';

/** A PATCH on a user, written briefly for tests: `[op, path, value]`. */
export type BriefOperation = readonly [op: PatchOperation['op'], path?: string, value?: JsonValue];

/** Applies brief operations to a user called "anna" with these attributes, and returns the attributes. */
export function patchUser(
  attributes: JsonObject,
  operations: readonly BriefOperation[],
  tolerance: Tolerance = RFC_TOLERANCE,
): JsonObject {
  const before = { userName: 'anna', ...attributes };
  const copy = structuredClone(before);
  const { resource } = applyPatch('User', before, operations.map(fromBrief), tolerance);
  if (JSON.stringify(before) !== JSON.stringify(copy)) throw new Error('The given resource was changed');
  const { userName, ...rest } = resource;
  return userName === 'anna' ? rest : resource;
}

/** One row of a table of PATCH tests. */
export interface PatchCase {
  readonly before: JsonObject;
  readonly operations: readonly BriefOperation[];
  readonly expected: JsonObject;
}

type Row = readonly [what: string, before: JsonObject, operations: BriefOperation[], expected: JsonObject];

/** Rows `[what happens, attributes before, operations, attributes after]` for `it.each`. */
export function patchCases(rows: readonly Row[]): [string, PatchCase][] {
  return rows.map(([what, before, operations, expected]) => [what, { before, operations, expected }]);
}

/** The operation in the form that `applyPatch` takes. */
export function fromBrief([op, path, value]: BriefOperation): PatchOperation {
  return { op, ...(path === undefined ? {} : { path }), ...(value === undefined ? {} : { value }) };
}

import type { JsonObject } from '#kernel';
import type { GroupInput } from '#model';
import { foldResource } from '../protocol/filter/fold-resource.js';
import { externalIdOf } from './user-input.js';
import { stringOf, without } from './values.js';

/** Members are rows of their own, so they are neither in `raw` nor in `folded`. */
const NOT_RAW: ReadonlySet<string> = new Set(['id', 'meta', 'members']);

/** What a canonical Group resource says about a group, without its members. */
export function toGroupInput(resource: JsonObject): GroupInput {
  const raw = without(resource, NOT_RAW);
  return {
    externalId: externalIdOf(resource),
    name: stringOf(resource['displayName']),
    raw,
    folded: foldResource('Group', raw),
  };
}

import { idInReference } from '../reference.js';
import type { ResourceTypeName } from '../schema/definitions.js';
import { resolveName } from '../schema/resolve-attribute.js';
import { subAttributeOf } from '../schema/resource-types.js';
import type { Step } from './resolve-target.js';

/**
 * A step on a `$ref` that clients may write as the step on `value` that it means (`manager.$ref`); every other step,
 * and one whose value is no address, as it is.
 */
export function throughReference(step: Step, type: ResourceTypeName): Step {
  const { attribute, schema, subAttribute } = step.path;
  if (attribute === undefined || subAttribute?.toLowerCase() !== '$ref') return step;
  const definition = resolveName(type, { schema, attribute })?.attribute;
  const reference = definition === undefined ? undefined : subAttributeOf(definition, '$ref');
  if (reference?.mutability !== 'readWrite') return step;
  const id = idInReference(step.value);
  if (step.op !== 'remove' && id === undefined) return step;
  return { ...step, path: { ...step.path, subAttribute: 'value' }, value: id };
}

import type { JsonObject, JsonValue } from '#kernel';
import type { ResolvedAttribute } from '../schema/resolve-attribute.js';
import type { ElementFilter } from './bind.js';
import type { Test } from './read-test.js';

/**
 * The document that a resource must contain for the filter to be true (jsonb `@>`), or undefined when the filter
 * asks for more than equality of different parts of one element.
 */
export function containment(target: ResolvedAttribute, filter: ElementFilter): JsonObject | undefined {
  const { attribute, extension } = target;
  const content = attribute.subAttributes === undefined ? simpleContent(filter) : elementContent(filter);
  if (content === undefined) return undefined;
  const document = { [attribute.name]: attribute.multiValued ? [content] : content };
  return extension === undefined ? document : { [extension]: document };
}

function simpleContent(filter: ElementFilter): JsonValue | undefined {
  return filter.kind === 'test' && filter.sub === undefined ? equalTo(filter.test) : undefined;
}

function elementContent(filter: ElementFilter): JsonObject | undefined {
  if (filter.kind === 'test') {
    const value = filter.sub === undefined ? undefined : equalTo(filter.test);
    return value === undefined || filter.sub === undefined ? undefined : { [filter.sub.name]: value };
  }
  if (filter.kind !== 'and') return undefined;
  let content: JsonObject = {};
  for (const operand of filter.operands) {
    const part = elementContent(operand);
    // Two conditions on one part cannot both be written down.
    if (part === undefined || Object.keys(part).some((key) => Object.hasOwn(content, key))) return undefined;
    content = { ...content, ...part };
  }
  return content;
}

function equalTo(test: Test): JsonValue | undefined {
  const comparable = test.kind === 'text' || test.kind === 'boolean' || test.kind === 'number';
  return comparable && test.operator === 'eq' ? test.value : undefined;
}

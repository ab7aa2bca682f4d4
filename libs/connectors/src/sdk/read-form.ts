import { getOwn, InvalidInputError, type InputProblem, type JsonObject, type JsonValue } from '#kernel';
import type { FormField } from './manifest.js';

const MAX_TEXT = 65_536;
const MAX_LIST = 1_000;

/**
 * Reads a form's answers: types, what is required, patterns, choices, defaults. A field whose `when` does not hold is
 * not asked, and an answer to it is dropped. Empty text counts as no answer.
 * @returns the answers with defaults filled in; only fields of the form.
 * @throws InvalidInputError with one problem per field; its `field` is `config.<key>`.
 */
export function readForm(form: readonly FormField[], answers: JsonObject): JsonObject {
  const values: JsonObject = {};
  const problems: InputProblem[] = [];
  for (const field of form) {
    if (!isAsked(field, form, answers)) continue;
    const value = answerTo(field, answers);
    const problem = value === undefined ? missing(field) : problemOf(field, value);
    if (problem !== undefined)
      problems.push({ field: `config.${field.key}`, message: `${field.label} ${problem}.` });
    else if (value !== undefined) values[field.key] = value;
  }
  if (problems.length > 0) throw new InvalidInputError('Validation failed', { problems });
  return values;
}

function defaultsOf(form: readonly FormField[]): JsonObject {
  return Object.fromEntries(
    form.flatMap((field) => (field.default === undefined ? [] : [[field.key, field.default]])),
  );
}

/** A field that depends on one that is not asked is not asked either. */
function isAsked({ when }: FormField, form: readonly FormField[], answers: JsonObject): boolean {
  if (when === undefined) return true;
  const given = { ...defaultsOf(form), ...answers };
  const other = form.find(({ key }) => key === when.key);
  return given[when.key] === when.is && (other === undefined || isAsked(other, form, answers));
}

function answerTo(field: FormField, answers: JsonObject): JsonValue | undefined {
  const given = getOwn(answers, field.key);
  const value = typeof given === 'string' && field.type !== 'text' ? given.trim() : given;
  const isEmpty = value === undefined || value === null || value === '' || isEmptyList(value);
  return isEmpty ? field.default : value;
}

function isEmptyList(value: JsonValue): boolean {
  return Array.isArray(value) && value.length === 0;
}

function missing(field: FormField): string | undefined {
  return field.required ? `is required: ${field.help.replace(/[.\s]+$/, '')}` : undefined;
}

/** What is wrong with a value, as the end of a sentence that begins with the field's label. */
function problemOf(field: FormField, value: JsonValue): string | undefined {
  switch (field.type) {
    case 'string':
    case 'text':
      return textProblem(field, value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'choice':
      return field.choices?.some((choice) => choice.value === value) === true
        ? undefined
        : `must be one of: ${field.choices?.map((choice) => choice.value).join(', ')}`;
    case 'list':
      return listProblem(field, value);
  }
}

function textProblem(field: FormField, value: JsonValue): string | undefined {
  if (typeof value !== 'string') return 'must be text';
  if (value.length > MAX_TEXT) return `must have at most ${MAX_TEXT} characters`;
  if (field.pattern === undefined || new RegExp(`^(?:${field.pattern})$`, 'u').test(value)) return undefined;
  const example = field.placeholder === undefined ? '' : `, for example ${field.placeholder}`;
  return `does not have the expected form${example}`;
}

function listProblem(field: FormField, value: JsonValue): string | undefined {
  if (!Array.isArray(value)) return 'must be a list of texts';
  if (value.length > MAX_LIST) return `takes at most ${MAX_LIST} entries`;
  const wrong = value.findIndex((item) => textProblem(field, item) !== undefined);
  return wrong < 0 ? undefined : `has an entry (number ${wrong + 1}) that does not have the expected form`;
}

import { InvalidInputError, type InputProblem } from '#kernel';
import { EVENT_TYPES } from '#model';
import { checkCustomHeaders } from './custom-headers.js';
import type { WebhookEndpointUpdate } from './webhook-endpoint.js';

const KNOWN_TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);
const MAX_DIRECTORIES = 1_000;
const DIRECTORY_ID = /^directory_[0-9A-Za-z]{1,64}$/;

/**
 * Checks everything about an endpoint but its address.
 * @throws InvalidInputError code `invalid_request_parameters` with one problem for each thing to correct.
 */
export function checkEndpointInput(input: WebhookEndpointUpdate): void {
  const problems = [
    ...eventProblems(input.events),
    ...directoryProblems(input.directoryIds),
    ...optionProblems(input),
    ...checkCustomHeaders(input.customHeaders ?? {}),
  ];
  if (problems.length === 0) return;
  throw new InvalidInputError(problems.map((problem) => problem.message).join(' '), {
    code: 'invalid_request_parameters',
    problems,
  });
}

function eventProblems(events: readonly string[] | undefined): InputProblem[] {
  if (events === undefined) return [];
  if (events.length === 0) return [{ field: 'events', message: 'Name at least one event type in "events".' }];
  return events
    .filter((type) => !KNOWN_TYPES.has(type))
    .slice(0, 20)
    .map((type) => ({ field: 'events', message: `"${type.slice(0, 80)}" is not an event type.` }));
}

function directoryProblems(ids: readonly string[] | null | undefined): InputProblem[] {
  if (ids === undefined || ids === null) return [];
  const field = 'directory_ids';
  if (ids.length === 0)
    return [{ field, message: 'Name at least one directory in "directory_ids", or send null for all.' }];
  if (ids.length > MAX_DIRECTORIES)
    return [{ field, message: `"directory_ids" holds at most ${MAX_DIRECTORIES} directories.` }];
  const wrong = ids.find((id) => !DIRECTORY_ID.test(id));
  return wrong === undefined ? [] : [{ field, message: `"${wrong.slice(0, 80)}" is not a directory id.` }];
}

function optionProblems({ concurrency, ordering, status }: WebhookEndpointUpdate): InputProblem[] {
  const problems: InputProblem[] = [];
  if (concurrency !== undefined && !isConcurrency(concurrency))
    problems.push({ field: 'concurrency', message: '"concurrency" is a whole number from 1 to 256.' });
  if (ordering !== undefined && !['none', 'directory'].includes(ordering))
    problems.push({ field: 'ordering', message: '"ordering" is "none" or "directory".' });
  if (status !== undefined && !['enabled', 'disabled'].includes(status))
    problems.push({ field: 'status', message: '"status" is "enabled" or "disabled".' });
  return problems;
}

function isConcurrency(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 256;
}

import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { STATUS_FIELDS } from './fields.js';

/** How many of the people read had something in a field; `people` counts all. */
export interface Shape {
  readonly people: number;
  readonly fields: Readonly<Record<string, number>>;
}

/** In a smaller company a field may well become empty of everybody. */
export const FEW = 5;
/** Workday has these of everybody, so that nobody is left without by chance. */
const ALWAYS_THERE: readonly string[] = ['active', 'hire_date'];
/** A part of the people shows that a field is gone when so many of them should have had it. */
const EXPECTED_IN_PART = 20;

/** Counts what there is, so that what is not there any more can be told from what was cleared. */
export class ShapeCount {
  readonly #fields = new Map<string, number>();
  #people = 0;

  constructor(start: Shape = { people: 0, fields: {} }) {
    this.#people = start.people;
    for (const [field, count] of Object.entries(start.fields)) this.#fields.set(field, count);
  }

  add(fields: JsonObject): void {
    this.#people++;
    const labels = Array.isArray(fields['labels']) ? fields['labels'] : [];
    const types = labels.flatMap((label) =>
      isJsonObject(label) && typeof label['type'] === 'string' ? [label['type']] : [],
    );
    const names = Object.keys(fields).filter((field) => field !== 'labels' && field !== 'id');
    for (const name of new Set([...names, ...types]))
      this.#fields.set(name, (this.#fields.get(name) ?? 0) + 1);
  }

  shape(): Shape & JsonObject {
    return { people: this.#people, fields: Object.fromEntries(this.#fields) };
  }
}

/** What a cursor remembers; null for what another version has saved. */
export function readShape(value: JsonValue | undefined): Shape | null {
  if (!isJsonObject(value) || typeof value['people'] !== 'number' || !isJsonObject(value['fields']))
    return null;
  const counts = Object.entries(value['fields']).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return { people: value['people'], fields: Object.fromEntries(counts) };
}

/**
 * Fields that were there the last time and are empty of everybody now. `isWhole`: these are all the people there are.
 * A status that is gone would make everybody active or nobody, however few had it.
 */
export function lostFields(
  previous: Shape | null,
  now: Shape,
  { isWhole }: { readonly isWhole: boolean },
): readonly string[] {
  if (previous === null || now.people === 0) return [];
  const hasStatus = STATUS_FIELDS.some((field) => (now.fields[field] ?? 0) > 0);
  return Object.entries(previous.fields)
    .filter(([field, count]) => {
      if ((now.fields[field] ?? 0) > 0 || count === 0) return false;
      if ((isStatus(field) && !hasStatus) || ALWAYS_THERE.includes(field)) return true;
      if (isWhole) return count >= FEW && now.people >= FEW;
      return (count / previous.people) * now.people >= EXPECTED_IN_PART;
    })
    .map(([field]) => field);
}

function isStatus(field: string): boolean {
  return STATUS_FIELDS.some((status) => status === field);
}

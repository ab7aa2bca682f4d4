import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';
import type { ReadWorker } from '../map-worker.js';
import { readShape, ShapeCount, type Shape } from '../shape.js';
import type { AsOf } from './envelope.js';
import type { WorkerPage } from './soap-client.js';
import type { XmlElement } from './xml.js';

/** Where a listing stands: enough to go on from, as of the same moment. */
export interface Place extends AsOf {
  /** The page to read next, from 1. */
  readonly page: number;
  /** Workers that the first page announced; null before it. */
  readonly total: number | null;
  /** Different workers so far. */
  readonly count: number;
  /** What they had. */
  readonly shape: Shape;
}

/** A page that was read. */
export interface Step {
  readonly workers: readonly ReadWorker[];
  /** Behind it. */
  readonly place: Place;
  readonly total: number;
  readonly isLast: boolean;
}

export function beginning({ entry, effective }: AsOf): Place {
  return { entry, effective, page: 1, total: null, count: 0, shape: { people: 0, fields: {} } };
}

/** Null for what is no place. */
export function readPlace(value: JsonValue | null): Place | null {
  if (!isJsonObject(value)) return null;
  const { entry, effective, page, total, count } = value;
  const shape = readShape(value['shape']);
  if (typeof entry !== 'string' || typeof effective !== 'string' || shape === null) return null;
  if (typeof page !== 'number' || typeof count !== 'number') return null;
  return { entry, effective, page, total: typeof total === 'number' ? total : null, count, shape };
}

export function savePlace({ shape, ...place }: Place): JsonObject {
  return { ...place, shape: { people: shape.people, fields: { ...shape.fields } } };
}

/**
 * Goes through the pages from a place on. As of one moment a listing stands still: a total that changes is a listing that
 * has shifted, and a page of nobody new is one that was read before.
 * @throws SourceError `cursor_expired`, `incomplete_listing`
 */
export async function* walk(
  pages: AsyncIterable<WorkerPage>,
  from: Place,
  read: (worker: XmlElement) => ReadWorker,
): AsyncGenerator<Step> {
  const seen = new Set<string>();
  const shape = new ShapeCount(from.shape);
  let { count, total } = from;
  for await (const page of pages) {
    total ??= page.totalResults;
    if (page.totalResults !== total) throw shifted(total, page.totalResults);
    const workers = page.workers.map(read);
    const fresh = workers.filter(({ fields: { id } }) => typeof id !== 'string' || !seen.has(id));
    if (fresh.length === 0 && workers.length > 0) throw circle(page.page);
    for (const { fields } of fresh) {
      const { id } = fields;
      if (typeof id === 'string' && seen.has(id)) continue;
      if (typeof id === 'string') seen.add(id);
      shape.add(fields);
      count++;
    }
    const place = { ...from, page: page.page + 1, total, count, shape: shape.shape() };
    yield { workers: fresh, place, total, isLast: page.page >= page.totalPages };
  }
}

function shifted(before: number, now: number): SourceError {
  return new SourceError(
    'cursor_expired',
    `Workday counted ${before} workers at first and ${now} later, as of the same moment: the pages have shifted. They are read anew.`,
  );
}

function circle(page: number): SourceError {
  return new SourceError(
    'incomplete_listing',
    `Page ${page} holds only workers of pages before; Workday's paging runs in a circle.`,
  );
}

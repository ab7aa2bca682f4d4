import { NotFoundError, type JsonObject } from '#kernel';
import {
  cursorGone,
  queryMark,
  readCursor,
  writeCursor,
  type CursorPlace,
} from '../protocol/messages/cursor.js';
import { listResponse } from '../protocol/messages/list-response.js';
import { readSection, type ListSource, type Section, type SectionPage } from './list-section.js';

/** The page of the list that begins at `startIndex` (RFC 7644 3.4.2.4). The sections follow each other. */
export async function pageByIndex(source: ListSource, sections: readonly Section[]): Promise<JsonObject> {
  const { startIndex, count } = source.query;
  const resources: JsonObject[] = [];
  let total = 0;
  for (const section of sections) {
    const offset = Math.max(0, startIndex - 1 - total);
    const page = await readSection(source, section, { offset, limit: count - resources.length });
    resources.push(...page.resources);
    total += page.total;
  }
  return listResponse({ resources, totalResults: total, startIndex });
}

/** The page that a cursor points to (RFC 9865 2): a keyset, so the last page costs as much as the first. */
export async function pageByCursor(source: ListSource, sections: readonly Section[]): Promise<JsonObject> {
  const { cursor = '', count } = source.query;
  const types = sections.map((section) => section.type);
  const mark = queryMark(source.query, types);
  const now = Date.now() / 1_000;
  const place = cursor === '' ? await firstPlace(source, sections) : readCursor(cursor, mark, now);
  // 0 asks for the total only, as in a query by index.
  if (count === 0) return listResponse({ resources: [], totalResults: place.total });
  const { resources, next } = await readFrom(source, sections, place);
  return listResponse({
    resources,
    totalResults: place.total,
    ...(next === undefined ? {} : { nextCursor: writeCursor(next, mark, now) }),
  });
}

async function firstPlace(source: ListSource, sections: readonly Section[]): Promise<CursorPlace> {
  let total = 0;
  for (const section of sections)
    total += (await readSection(source, section, { offset: 0, limit: 0 })).total;
  return { section: 0, after: '', total };
}

/** One resource more than wanted is looked for: whether it is there says whether there is a next page. */
async function readFrom(
  source: ListSource,
  sections: readonly Section[],
  place: CursorPlace,
): Promise<{ resources: JsonObject[]; next?: CursorPlace }> {
  const { count } = source.query;
  const resources: JsonObject[] = [];
  let { after } = place;
  for (const [index, section] of sections.entries()) {
    if (index < place.section) continue;
    const room = count - resources.length;
    const page = await readBehind(source, section, { after, limit: room + 1 });
    resources.push(...page.resources.slice(0, room));
    const last = page.ids[room - 1] ?? '';
    if (page.ids.length > room) return { resources, next: { ...place, section: index, after: last } };
    after = '';
  }
  return { resources };
}

async function readBehind(
  source: ListSource,
  section: Section,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<SectionPage> {
  try {
    return await readSection(source, section, { offset: 0, limit, after, skipTotal: true });
  } catch (error) {
    throw error instanceof NotFoundError ? cursorGone() : error;
  }
}

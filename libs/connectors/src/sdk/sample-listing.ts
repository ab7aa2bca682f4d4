import type { JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import { vendorPages, type VendorPage } from './paged-stream.js';

const SAMPLES = 3;
/** People who the settings leave out may fill the first pages; a connection test is not a run. */
const MOST_PAGES = 5;

/** What a connection test shows of a listing. */
export interface ListingSample {
  /** Of what the settings do not leave out; null when there are more pages than were read. */
  readonly count: number | null;
  /** At most three records that the settings do not leave out. */
  readonly samples: readonly SnapshotRecord[];
  /** Of the pages that were read, as the vendor sent them. */
  readonly items: readonly JsonValue[];
}

/** Reads the beginning of a listing, until there is something to show. @throws SourceError */
export async function sampleListing(
  fetch: (token: string | null) => Promise<VendorPage>,
  map: (item: JsonValue) => SnapshotRecord,
): Promise<ListingSample> {
  const items: JsonValue[] = [];
  let records: readonly SnapshotRecord[] = [];
  let pages = 0;
  for await (const page of vendorPages(fetch)) {
    items.push(...page.items);
    records = items.map(map).filter(({ kind }) => kind !== 'removed');
    const samples = records.slice(0, SAMPLES);
    if (page.next === null) return { count: records.length, samples, items };
    if (samples.length >= SAMPLES || ++pages >= MOST_PAGES) break;
  }
  return { count: null, samples: records.slice(0, SAMPLES), items };
}

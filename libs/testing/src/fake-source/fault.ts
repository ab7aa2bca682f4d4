/**
 * What goes wrong. Faults of a page change what the vendor lists, faults of an answer replace what it sends.
 * - `short_page` one item only, the rest follows on the next page; `repeat_token` the page's own token comes again;
 *   `stale_token` the next token is one that the vendor will not know; `wrong_total` a count that is too high.
 * - `status` a refusal in the vendor's own words; `nothing` 200 without a byte; `no_list` 200 with `{}`; `html` 200 with
 *   a web page, `html_404` the 404 page of something in between; `cut_body` half of the announced bytes; `hang_up` the connection ends before the first byte.
 * - Of protocols with connections: `empty_page` no item although more follow; `size_limit` the page's items, and that the
 *   rest is too much; `silence` nothing, on a connection that stays open.
 * - Of feeds of changes: `log_lost` who is still there instead of who is gone; `everything` all there is, as if all of it
 *   had changed.
 */
export type FaultKind =
  | { readonly kind: 'short_page' | 'repeat_token' | 'stale_token' | 'wrong_total' }
  | { readonly kind: 'nothing' | 'no_list' | 'html' | 'html_404' | 'cut_body' | 'hang_up' }
  | { readonly kind: 'empty_page' | 'size_limit' | 'silence' }
  | { readonly kind: 'log_lost' | 'everything' }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter?: string;
      readonly reason?: string;
    };

/** A fault at a logical call: never by time, so that it can be repeated. */
export interface SourceFault {
  /** Name of the call in the vendor's fake: `users`, `members`, `token` … */
  readonly call: string;
  /** Of which object, where a call is made once per object (a group id); any when absent. */
  readonly of?: string;
  /** From 1; any when absent. */
  readonly page?: number;
  /** How many matching requests it hits; 1 unless told, `Infinity` for all. */
  readonly times?: number;
  readonly fault: FaultKind;
}

/** One request as the fake saw it. */
export interface FakeCall {
  readonly call: string;
  readonly of: string | null;
  readonly page: number;
  /** From 1, per call, object and page. */
  readonly attempt: number;
  /** The fault that hit it. */
  readonly fault?: FaultKind['kind'];
}

/** The faults that are still to come, and the calls so far. */
export class FaultPlan {
  readonly calls: FakeCall[] = [];
  readonly #faults: { readonly fault: SourceFault; left: number; fired: number }[] = [];
  readonly #pages = new Map<string, Map<string, number>>();
  readonly #attempts = new Map<string, number>();

  /** @returns how often it has fired; a test that never met its fault has proved nothing. */
  add(fault: SourceFault): { readonly fired: () => number } {
    const entry = { fault, left: fault.times ?? 1, fired: 0 };
    this.#faults.push(entry);
    return { fired: () => entry.fired };
  }

  clear(): void {
    this.#faults.length = 0;
    this.calls.length = 0;
    this.#attempts.clear();
  }

  /** Notes a request. Pages are numbered in the order in which their tokens first came. */
  meet(request: {
    readonly call: string;
    readonly of: string | null;
    readonly token: string | null;
  }): FaultKind | undefined {
    const { call, of } = request;
    const page = this.#pageOf(request);
    const key = JSON.stringify([call, of, page]);
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    const hit = this.#faults.find(
      ({ fault, left }) =>
        left > 0 &&
        fault.call === call &&
        (fault.of ?? of) === of &&
        (fault.page === undefined || fault.page === page),
    );
    this.calls.push({ call, of, page, attempt, fault: hit?.fault.fault.kind });
    if (hit === undefined) return undefined;
    hit.left--;
    hit.fired++;
    return hit.fault.fault;
  }

  #pageOf({ call, of, token }: { call: string; of: string | null; token: string | null }): number {
    const listing = JSON.stringify([call, of]);
    const pages = this.#pages.get(listing) ?? new Map<string, number>();
    this.#pages.set(listing, pages);
    const page = pages.get(token ?? '') ?? pages.size + 1;
    pages.set(token ?? '', page);
    return page;
  }
}

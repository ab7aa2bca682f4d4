import { isJsonObject, type JsonValue } from '#kernel';
import type { SourceHttp } from '../../../sdk/http/source-http.js';
import { readOffsetPage, type OffsetSlice } from '../../../sdk/offset-pages.js';
import { vendorPages, type VendorPage } from '../../../sdk/paged-stream.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import { authorizeWith } from '../authorize.js';
import type { RipplingConfig } from '../config.js';
import { manifest } from '../manifest.js';

const { limits } = manifest;

/** One method per call of the older platform API. Lists are bare arrays, told by position, and nobody counts them. */
export class PlatformClient {
  readonly #http: SourceHttp;

  constructor(config: RipplingConfig, ports: SourcePorts) {
    this.#http = ports.http({
      baseUrl: 'https://api.rippling.com/platform/api',
      limits,
      authorize: authorizeWith(config, ports, limits),
    });
  }

  /** Employees of every status; `/employees` alone would leave out who has left. */
  employees(token: string | null): Promise<VendorPage> {
    return readOffsetPage(
      { read: (offset) => this.#slice('/employees/include_terminated', offset), keyOf },
      token,
    );
  }

  async departments(): Promise<readonly JsonValue[]> {
    const found: JsonValue[] = [];
    const read = (offset: number): Promise<OffsetSlice> => this.#slice('/departments', offset);
    for await (const page of vendorPages((token) => readOffsetPage({ read, keyOf }, token)))
      found.push(...page.items);
    return found;
  }

  async #slice(path: string, offset: number): Promise<OffsetSlice> {
    const { body } = await this.#http.json({ path, query: { limit: limits.pageSize, offset } });
    if (Array.isArray(body)) return { items: body, total: null };
    throw new SourceError('source_changed_shape', 'Rippling sent something else than a list.');
  }
}

function keyOf(item: JsonValue): string {
  return JSON.stringify((isJsonObject(item) ? item['id'] : undefined) ?? null);
}

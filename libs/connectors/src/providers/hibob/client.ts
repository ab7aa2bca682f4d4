import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { listIn } from '../../sdk/decode.js';
import type { SourceAnswer, SourceHttp, Verdict } from '../../sdk/http/source-http.js';
import type { SourcePorts } from '../../sdk/ports.js';
import type { HibobConfig } from './config.js';
import { manifest } from './manifest.js';

const { limits } = manifest;

/** Who there is, before anything is read of them. */
export interface ListedIds {
  /** Each once, in order. */
  readonly ids: readonly string[];
  /** Entries without one. */
  readonly unreadable: number;
}

/** The people search. It has no pages: everybody's ids first, then their fields, so many at a time. */
export class HibobClient {
  readonly #http: SourceHttp;
  readonly #fields: readonly string[];

  constructor(config: HibobConfig, ports: SourcePorts) {
    const key = Buffer.from(`${config.serviceUserId}:${config.token}`).toString('base64');
    this.#fields = config.fields;
    this.#http = ports.http({
      baseUrl: config.baseUrl,
      limits,
      authorize: () => Promise.resolve({ authorization: `Basic ${key}` }),
      judge: (answer) => judge(answer, ports.clock.now()),
    });
  }

  /** Everybody whom the service user may see, people who left and who will come included. */
  async ids(): Promise<ListedIds> {
    const people = await this.#search({ fields: ['root.id'] });
    const ids = people.map(idOf).filter((id) => id !== null);
    return { ids: [...new Set(ids)].sort(), unreadable: people.length - ids.length };
  }

  /** By id; whom Bob does not show any more is left out. */
  async people(ids: readonly string[]): Promise<ReadonlyMap<string, JsonObject>> {
    const people = await this.#search({
      fields: [...this.#fields],
      filters: [{ fieldPath: 'root.id', operator: 'equals', values: [...ids] }],
    });
    const asked = new Set(ids);
    return new Map(
      people.flatMap((person): [string, JsonObject][] => {
        const id = idOf(person);
        return id !== null && asked.has(id) && isJsonObject(person) ? [[id, person]] : [];
      }),
    );
  }

  /** Without `showInactive` everybody who left would be missing; APPEND gives ids and labels of list items. */
  async #search(body: JsonObject): Promise<readonly JsonValue[]> {
    const answer = await this.#http.json({
      method: 'POST',
      path: '/people/search',
      json: { ...body, showInactive: true, humanReadable: 'APPEND' },
      bigNumbers: true,
    });
    return listIn(answer.body, 'employees');
  }
}

function idOf(person: JsonValue): string | null {
  if (!isJsonObject(person)) return null;
  const slashed = person['/root/id'];
  const id = person['id'] ?? (isJsonObject(slashed) ? slashed['value'] : undefined);
  return typeof id === 'string' && id !== '' ? id : null;
}

/** Bob tells in seconds since 1970 when the minute is over, rather than how long to wait. */
function judge(answer: SourceAnswer, now: Date): Verdict | undefined {
  const header = (name: string): number => Number(answer.headers[`x-ratelimit-${name}`] ?? NaN);
  const server = Date.parse(String(answer.headers['date']));
  const waitMs = header('reset') * 1_000 - (Number.isNaN(server) ? now.getTime() : server) + 1_000;
  if (!(waitMs > 0)) return undefined;
  if (answer.status === 429 && answer.headers['retry-after'] === undefined)
    return { kind: 'retry', afterMs: waitMs };
  return answer.status < 300 && header('remaining') === 0 ? { kind: 'ok', pauseMs: waitMs } : undefined;
}

import type { SourceHttp } from '../../../sdk/http/source-http.js';
import { mapParallel } from '../../../sdk/map-parallel.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { SoapSettings, WorkdayConfig } from '../config.js';
import { authorizeWith } from '../login.js';
import { manifest } from '../manifest.js';
import { getWorkers, type WorkerQuery } from './envelope.js';
import { judgeSoap, readEnvelope } from './faults.js';
import { elementAt, elementsAt, textAt, type XmlElement } from './xml.js';

const { limits } = manifest;
const BSVC = 'urn:com.workday/bsvc';
/** So many pages are read one after another: there is no time to be won. */
const FEW_PAGES = 10;

export interface WorkerPage {
  readonly page: number;
  readonly totalPages: number;
  readonly totalResults: number;
  readonly workers: readonly XmlElement[];
}

/** The one operation of the Human Resources web service that is used, Get_Workers. */
export class SoapClient {
  readonly #http: SourceHttp;
  readonly #config: WorkdayConfig;
  readonly #settings: SoapSettings;

  constructor(config: WorkdayConfig, settings: SoapSettings, ports: SourcePorts) {
    this.#config = config;
    this.#settings = settings;
    this.#http = ports.http({
      baseUrl: `${config.origin}/ccx/service/${encodeURIComponent(config.tenant)}/Human_Resources/${settings.version}`,
      limits,
      // The user and the password of an integration system user stand in the envelope.
      authorize: authorizeWith(config, ports, () => ({})),
      judge: judgeSoap,
    });
  }

  /**
   * Pages from one on. The number of pages is what the last one says. Large tenants are read several pages at a time;
   * as of one moment, they do not shift.
   * @throws SourceError
   */
  async *pages(query: WorkerQuery, from: number): AsyncGenerator<WorkerPage> {
    let last = await this.page(query, from);
    yield last;
    if (last.totalPages - from > FEW_PAGES) {
      const rest = Array.from({ length: last.totalPages - from }, (_, index) => from + 1 + index);
      for await (const page of mapParallel(rest, limits.concurrency, (number) => this.page(query, number)))
        yield (last = page);
    }
    while (last.page < last.totalPages) yield (last = await this.page(query, last.page + 1));
  }

  async page(query: WorkerQuery, page: number): Promise<WorkerPage> {
    const request = { ...query, page, count: limits.pageSize };
    const answer = await this.#http.text({
      method: 'POST',
      // Workday wants compressed answers; the transport asks for them and unpacks them.
      headers: { 'content-type': 'text/xml; charset=UTF-8', accept: 'text/xml' },
      text: getWorkers(request, this.#config, this.#settings.version),
    });
    return readPage(readEnvelope(answer.text), page);
  }
}

/** @throws SourceError unless it is the page that was asked for, with as many workers as it says */
function readPage(envelope: XmlElement, asked: number): WorkerPage {
  const response = elementAt(envelope, 'Body/Get_Workers_Response');
  if (response === undefined || response.namespace !== BSVC)
    throw new SourceError('source_changed_shape', 'Workday sent something else than workers.');
  const results = elementAt(response, 'Response_Results');
  const [totalResults, totalPages, count] = ['Total_Results', 'Total_Pages', 'Page_Results'].map((name) =>
    countIn(results, name),
  ) as [number, number, number];
  const page = countIn(results, 'Page');
  const workers = elementsAt(response, 'Response_Data/Worker');
  if (page !== asked && totalResults > 0)
    throw new SourceError(
      'incomplete_listing',
      `Workday was asked for page ${asked} and sent page ${page}; its paging runs in a circle.`,
    );
  if (workers.length !== count)
    throw new SourceError(
      'incomplete_listing',
      `Page ${asked} should hold ${count} workers, and holds ${workers.length}.`,
    );
  if (count === 0 && asked < totalPages)
    throw new SourceError(
      'incomplete_listing',
      `Page ${asked} of ${totalPages} holds nobody, although more workers were announced.`,
    );
  return { page: asked, totalPages, totalResults, workers };
}

function countIn(results: XmlElement | undefined, name: string): number {
  const text = textAt(results, name);
  if (text === undefined || !/^\d{1,9}$/.test(text))
    throw new SourceError(
      'source_changed_shape',
      `Workday did not say how many workers there are (Response_Results/${name}).`,
    );
  return Number(text);
}

import type { SourceAnswer, SourceHttp, Verdict } from '../../../sdk/http/source-http.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { ReportAddress, WorkdayConfig } from '../config.js';
import { meaningOf, noReport, notAuthorized } from '../errors.js';
import { authorizeWith } from '../login.js';
import { manifest } from '../manifest.js';
import { SplitReport } from './split-report.js';

/** A report may run for half an hour before its first byte. */
const REPORT_MS = 30 * 60_000;

/** Custom reports as web services: no pages, the whole report is one answer. */
export class ReportClient {
  readonly #http: SourceHttp;

  constructor(config: WorkdayConfig, ports: SourcePorts) {
    this.#http = ports.http({
      baseUrl: config.origin,
      limits: manifest.limits,
      firstByteMs: REPORT_MS,
      authorize: authorizeWith(config, ports, ({ username, password }) => ({
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      })),
      judge,
    });
  }

  /** @throws SourceError */
  async read(report: ReportAddress, prompts: Readonly<Record<string, string>> = {}): Promise<SplitReport> {
    const answer = await this.#http.text({
      path: report.path,
      query: { ...report.prompts, ...prompts, format: 'json' },
      headers: { accept: 'application/json' },
    });
    const start = answer.text.trimStart();
    if (start === '')
      throw new SourceError(
        'source_changed_shape',
        'Workday sent an empty answer in the place of the report.',
      );
    if (start.startsWith('<'))
      throw (
        meaningOf(start.slice(0, 10_000), { status: answer.status }) ??
        new SourceError(
          'source_changed_shape',
          'Workday sent a web page or XML in the place of the report. Check its address: it is the one under "View URLs".',
        )
      );
    return new SplitReport(answer.text);
  }
}

/** A 500 may be a report that is wrong for good; only its words tell that from a failure that passes. */
function judge(answer: SourceAnswer): Verdict | undefined {
  const { status, text } = answer;
  if (status < 400 || status === 401 || status === 429) return undefined;
  const facts = { status };
  const error = meaningOf(text.slice(0, 10_000), facts);
  if (error !== undefined) return { kind: 'fail', error };
  if (status === 403) return { kind: 'fail', error: notAuthorized(facts) };
  return status === 404 ? { kind: 'fail', error: noReport(facts) } : undefined;
}

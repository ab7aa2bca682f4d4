import type { Source } from '../../sdk/contract.js';
import type { SourcePorts } from '../../sdk/ports.js';
import type { WorkdayConfig } from './config.js';
import { ReportClient } from './raas/report-client.js';
import { checkReports, reportStreams } from './raas/report-streams.js';
import { SoapClient } from './soap/soap-client.js';
import { checkSoap, soapStreams } from './soap/soap-streams.js';

export function connect(config: WorkdayConfig, ports: SourcePorts): Source {
  const { way } = config;
  if (way.mode === 'raas') {
    const parts = { client: new ReportClient(config, ports), config, settings: way, ports };
    return { streams: (run) => reportStreams(parts, run), check: () => checkReports(parts) };
  }
  const parts = { client: new SoapClient(config, way, ports), config, settings: way, ports };
  return { streams: (run) => soapStreams(parts, run), check: () => checkSoap(parts) };
}

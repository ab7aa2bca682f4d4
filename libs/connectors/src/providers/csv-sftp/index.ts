import type { Connector } from '../../sdk/contract.js';
import { readConfig, type CsvConfig } from './config.js';
import { manifest } from './manifest.js';
import { connect } from './source.js';
import { uploads } from './uploads.js';

export default { manifest, readConfig, connect, uploads } satisfies Connector<CsvConfig>;

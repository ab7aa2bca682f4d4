import { defineConnector } from '../../sdk/define-connector.js';
import { readConfig } from './config.js';
import { manifest } from './manifest.js';
import { connect } from './source.js';

export default defineConnector({ manifest, readConfig, connect });

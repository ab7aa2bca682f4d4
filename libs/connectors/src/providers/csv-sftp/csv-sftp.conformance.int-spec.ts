import { connectorConformance, fakeCsvSftp } from '#testing';
import connector from './index.js';

connectorConformance(connector, fakeCsvSftp);

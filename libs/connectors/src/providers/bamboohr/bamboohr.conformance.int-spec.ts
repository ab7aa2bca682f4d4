import { connectorConformance, fakeBamboohr } from '#testing';
import bamboohr from './index.js';

connectorConformance(bamboohr, fakeBamboohr);

import { connectorConformance, fakeHibob } from '#testing';
import hibob from './index.js';

connectorConformance(hibob, fakeHibob);

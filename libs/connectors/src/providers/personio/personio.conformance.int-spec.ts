import { connectorConformance, fakePersonio } from '#testing';
import personio from './index.js';

connectorConformance(personio, fakePersonio);

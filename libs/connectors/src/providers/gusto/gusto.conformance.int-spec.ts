import { connectorConformance, fakeGusto } from '#testing';
import gusto from './index.js';

connectorConformance(gusto, fakeGusto);

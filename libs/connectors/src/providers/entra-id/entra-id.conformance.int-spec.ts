import { connectorConformance, fakeEntraId } from '#testing';
import entraId from './index.js';

connectorConformance(entraId, fakeEntraId);

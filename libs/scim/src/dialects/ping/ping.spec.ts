import { dialectConformance } from '#testing';
import ping from './index.js';

dialectConformance(ping);

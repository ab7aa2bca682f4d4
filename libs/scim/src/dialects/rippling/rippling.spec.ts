import { dialectConformance } from '#testing';
import rippling from './index.js';

dialectConformance(rippling);

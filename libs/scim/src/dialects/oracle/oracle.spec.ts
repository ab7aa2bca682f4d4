import { dialectConformance } from '#testing';
import oracle from './index.js';

dialectConformance(oracle);

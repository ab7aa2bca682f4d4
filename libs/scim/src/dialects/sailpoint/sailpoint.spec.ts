import { dialectConformance } from '#testing';
import sailpoint from './index.js';

dialectConformance(sailpoint);

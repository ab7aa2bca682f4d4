import { dialectConformance } from '#testing';
import saviynt from './index.js';

dialectConformance(saviynt);

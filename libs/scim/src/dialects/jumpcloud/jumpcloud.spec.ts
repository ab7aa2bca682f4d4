import { dialectConformance } from '#testing';
import jumpcloud from './index.js';

dialectConformance(jumpcloud);

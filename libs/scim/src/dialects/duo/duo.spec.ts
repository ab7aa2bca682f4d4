import { dialectConformance } from '#testing';
import duo from './index.js';

dialectConformance(duo);

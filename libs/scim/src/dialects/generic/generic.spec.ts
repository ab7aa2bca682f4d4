import { dialectConformance } from '#testing';
import generic from './index.js';

dialectConformance(generic);

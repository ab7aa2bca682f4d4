import { dialectConformance } from '#testing';
import aquera from './index.js';

dialectConformance(aquera);

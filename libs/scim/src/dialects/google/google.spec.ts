import { dialectConformance } from '#testing';
import google from './index.js';

dialectConformance(google);

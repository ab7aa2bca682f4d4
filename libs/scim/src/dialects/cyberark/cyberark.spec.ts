import { dialectConformance } from '#testing';
import cyberark from './index.js';

dialectConformance(cyberark);

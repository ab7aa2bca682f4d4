import { dialectConformance } from '#testing';
import strict from './index.js';

dialectConformance(strict);

import { dialectConformance } from '#testing';
import scim11 from './index.js';

dialectConformance(scim11);

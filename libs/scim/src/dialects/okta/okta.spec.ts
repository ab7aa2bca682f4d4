import { dialectConformance } from '#testing';
import okta from './index.js';

dialectConformance(okta);

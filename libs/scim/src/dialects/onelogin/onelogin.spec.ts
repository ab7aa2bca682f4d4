import { dialectConformance } from '#testing';
import onelogin from './index.js';

dialectConformance(onelogin);

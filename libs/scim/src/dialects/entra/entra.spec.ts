import { dialectConformance } from '#testing';
import entra from './index.js';

dialectConformance(entra);

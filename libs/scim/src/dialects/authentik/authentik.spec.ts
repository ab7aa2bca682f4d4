import { dialectConformance } from '#testing';
import authentik from './index.js';

dialectConformance(authentik);

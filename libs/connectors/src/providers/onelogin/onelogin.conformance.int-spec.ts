import { connectorConformance, fakeOneLogin } from '#testing';
import onelogin from './index.js';

connectorConformance(onelogin, fakeOneLogin);

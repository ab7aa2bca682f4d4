import { connectorConformance, fakeOkta } from '#testing';
import okta from './index.js';

connectorConformance(okta, fakeOkta);

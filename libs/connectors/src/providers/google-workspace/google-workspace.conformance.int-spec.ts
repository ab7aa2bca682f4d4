import { connectorConformance, fakeGoogleWorkspace } from '#testing';
import googleWorkspace from './index.js';

connectorConformance(googleWorkspace, fakeGoogleWorkspace);

import { describe } from '@jest/globals';
import {
  connectorConformance,
  fakeWorkdayReport,
  fakeWorkdayReportOauth,
  fakeWorkdaySoap,
  fakeWorkdaySoapOauth,
} from '#testing';
import workday from './index.js';

describe.each([
  ['a report, as an integration system user', fakeWorkdayReport],
  ['a report, with OAuth', fakeWorkdayReportOauth],
  ['the web service, as an integration system user', fakeWorkdaySoap],
  ['the web service, with OAuth', fakeWorkdaySoapOauth],
])('by %s', (_name, fake) => {
  connectorConformance(workday, fake);
});

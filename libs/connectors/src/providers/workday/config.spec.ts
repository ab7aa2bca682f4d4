import { describe, expect, it } from '@jest/globals';
import { InvalidInputError, type JsonObject } from '#kernel';
import { readConfig } from './config.js';

const PATH = '/ccx/service/customreport2/acme/isu_rollcall/Workers';
const LOGIN = { username: 'isu', password: 'p' };

function problemOf(answers: JsonObject): string | undefined {
  try {
    readConfig({ ...LOGIN, ...answers });
    return undefined;
  } catch (error) {
    return (error as InvalidInputError).problems[0]?.field;
  }
}

describe('Workday settings', () => {
  it('take tenant and prompts from the address of the report, and the format not', () => {
    const config = readConfig({
      ...LOGIN,
      users_report_url: `https://wd5-services1.myworkday.com${PATH}?Company!WID=abc&format=simplexml`,
    });
    expect(config).toMatchObject({
      origin: 'https://wd5-services1.myworkday.com',
      tenant: 'acme',
      way: { mode: 'raas', workers: { path: PATH, prompts: { 'Company!WID': 'abc' } }, groups: null },
    });
  });

  it.each([
    `http://wd5-services1.myworkday.com${PATH}`,
    `https://wd5-services1.myworkday.com:8443${PATH}`,
    `https://isu:p@wd5-services1.myworkday.com${PATH}`,
    `https://wd5-services1.myworkday.com.evil.test${PATH}`,
    `https://evilworkday.com${PATH}`,
    `https://evil.test/?x=.myworkday.com${PATH}`,
    'https://wd5-services1.myworkday.com/ccx/service/acme/Human_Resources/v44.0',
    `http://127.0.0.1.evil.test${PATH}`,
  ])('refuse %s: the password would go there', (users_report_url) => {
    expect(problemOf({ users_report_url })).toBe('config.users_report_url');
  });

  it.each([
    `https://wd2-impl-services1.workday.com${PATH}`,
    `https://services1.wd105.myworkday.com${PATH}`,
    `http://127.0.0.1:4010${PATH}`,
  ])('take %s', (users_report_url) => {
    expect(problemOf({ users_report_url })).toBeUndefined();
  });

  it('refuse reports of two tenants, and a field that is mapped twice', () => {
    const users_report_url = `https://wd5-services1.myworkday.com${PATH}`;
    const groups_report_url = users_report_url.replace('acme', 'other');
    expect(problemOf({ users_report_url, groups_report_url })).toBe('config.groups_report_url');
    const column_map = ['name=A', 'name = B'];
    expect(problemOf({ users_report_url, column_map })).toBe('config.column_map');
    expect(problemOf({ users_report_url, column_map: ['salary=Base_Pay'] })).toBe('config.column_map');
  });

  it('take the host with and without its scheme', () => {
    const soap = { ...LOGIN, mode: 'soap', tenant: 'acme' };
    for (const host of ['wd5-services.myworkday.com', 'https://wd5-services.myworkday.com/'])
      expect(readConfig({ ...soap, host })).toMatchObject({
        origin: 'https://wd5-services.myworkday.com',
        way: { mode: 'soap', version: 'v44.0', futureDays: 90 },
      });
    expect(problemOf({ ...soap, host: 'myworkday.com.evil.test' })).toBe('config.host');
    expect(problemOf({ ...soap, host: 'wd5-services.myworkday.com', future_hires_days: 400 })).toBe(
      'config.future_hires_days',
    );
  });
});

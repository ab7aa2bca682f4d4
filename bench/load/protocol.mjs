/*
 * The work of the protocol benchmark, in a process of its own: reads and applies a PATCH, or parses a filter, as often
 * as it is told, with Rollcall's own functions and with those of npm packages for the same job.
 */
import { patchBodyValidation, scimPatch } from 'scim-patch';
import { parse } from 'scim2-parse-filter';

import { parseJson } from '../../dist/libs/kernel/src/index.js';
import { parseFilter } from '../../dist/libs/scim/src/protocol/filter/parse.js';
import { applyPatch } from '../../dist/libs/scim/src/protocol/patch/apply-patch.js';
import { readOperations } from '../../dist/libs/scim/src/protocol/patch/read-operations.js';
import { RFC_TOLERANCE } from '../../dist/libs/scim/src/protocol/tolerance.js';
import { answer, stayAlive } from '../harness/probe.mjs';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const USER = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE],
  userName: 'ida.lind@example.com',
  externalId: 'e-1',
  displayName: 'Ida Lind',
  name: { givenName: 'Ida', familyName: 'Lind', formatted: 'Ida Lind' },
  active: true,
  title: 'Cook',
  emails: [
    { value: 'ida.lind@example.com', type: 'work', primary: true },
    { value: 'ida@example.net', type: 'home' },
  ],
  phoneNumbers: [{ value: '+1 555 0100', type: 'work' }],
  [ENTERPRISE]: { department: 'Kitchen', employeeNumber: '17', manager: { value: 'm-1' } },
};

/** Bodies that the packages and Rollcall all understand. */
const BODIES = [
  [{ op: 'replace', path: 'active', value: false }],
  [
    { op: 'replace', path: 'displayName', value: 'Ida Berg' },
    { op: 'replace', path: 'name.familyName', value: 'Berg' },
    { op: 'replace', path: 'emails[type eq "work"].value', value: 'ida.berg@example.com' },
    { op: 'add', path: 'phoneNumbers', value: [{ value: '+1 555 0101', type: 'mobile' }] },
    { op: 'remove', path: 'title' },
  ],
  [{ op: 'replace', value: { displayName: 'Ida Berg', title: 'Chef' } }],
].map((Operations) => JSON.stringify({ schemas: [PATCH_OP], Operations }));

const FILTERS = [
  'userName eq "ida.lind@example.com"',
  'emails[type eq "work" and value co "@example.com"]',
  'active eq true and (title pr or name.familyName sw "L") and not (externalId eq "e-2")',
  'meta.lastModified gt "2026-11-01T00:00:00Z"',
];

/** Neither side may change the given user; both begin with the text of the body. */
const JOBS = {
  patch: {
    inputs: BODIES,
    rollcall: (text) =>
      applyPatch('User', USER, readOperations(parseJson(text), RFC_TOLERANCE), RFC_TOLERANCE).resource,
    peer: (text) => {
      const body = JSON.parse(text);
      patchBodyValidation(body);
      return scimPatch(USER, body.Operations, { mutateDocument: false });
    },
  },
  filter: { inputs: FILTERS, rollcall: parseFilter, peer: parse },
};

/** Microseconds for one input, on average. */
answer('run', ({ job, side, times }) => {
  const { inputs, [side]: work } = JOBS[job];
  let seen = 0;
  const start = performance.now();
  for (let index = 0; index < times; index += 1) if (work(inputs[index % inputs.length])) seen += 1;
  const micros = ((performance.now() - start) * 1_000) / times;
  if (seen !== times) throw new Error(`${side} gave nothing ${times - seen} times`);
  return { micros };
});
stayAlive();

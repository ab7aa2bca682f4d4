import { describe } from '@jest/globals';
import type { Connector } from '#connectors';
import { conformsInCheck } from './check-conformance.js';
import type { ConformanceFake, Subject } from './conformance-world.js';
import { conformsInFaults } from './disturbed-run-conformance.js';
import { conformsInForm } from './form-conformance.js';
import { conformsInFull } from './full-run-conformance.js';
import { conformsIncrementally } from './incremental-run-conformance.js';
import { conformsInLookUp } from './look-up-conformance.js';
import { conformsInMemberLookUp } from './member-look-up-conformance.js';
import { conformsInWhole } from './whole-run-conformance.js';

/**
 * The suite that every connector passes, against a faithful fake of its vendor and over real sockets. Faults are
 * addressed by logical call, and each test checks that its fault was met.
 */
export function connectorConformance<Config>(given: Connector<Config>, fake: ConformanceFake): void {
  const subject: Subject = { connector: given as Connector, fake };
  const { id, capabilities } = subject.connector.manifest;
  describe(`connector ${id}`, () => {
    describe('manifest', () => {
      conformsInForm(subject);
    });
    describe('connection test', () => {
      conformsInCheck(subject);
    });
    describe('full run', () => {
      conformsInFull(subject);
    });
    describe('full run that is disturbed', () => {
      conformsInFaults(subject);
    });
    if (fake.readsWhole === true) {
      describe('every run', () => {
        conformsInWhole(subject);
      });
      return;
    }
    if (capabilities.lookUp)
      describe('look-up', () => {
        conformsInLookUp(subject);
      });
    if (fake.calls.memberLookUp !== undefined)
      describe('look-up of memberships', () => {
        conformsInMemberLookUp(subject);
      });
    if (capabilities.incremental)
      describe('incremental run', () => {
        conformsIncrementally(subject);
      });
  });
}

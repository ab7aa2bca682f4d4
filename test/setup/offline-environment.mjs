import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

import { TestEnvironment } from 'jest-environment-node';

const BLOCKED = [
  [net.Socket.prototype, 'connect'],
  [dgram.Socket.prototype, 'send'],
  [dgram.Socket.prototype, 'connect'],
  [dns, 'lookup'],
  [dns.promises, 'lookup'],
];

/**
 * Environment of unit tests: every way out of the process fails, loopback included. The modules of Node are shared by
 * all test files of a worker, so what is replaced is put back.
 */
export default class OfflineEnvironment extends TestEnvironment {
  #restore = [];

  async setup() {
    await super.setup();
    for (const [target, name] of BLOCKED) {
      const original = target[name];
      this.#restore.push(() => void (target[name] = original));
      target[name] = refuse;
    }
  }

  async teardown() {
    this.#restore.forEach((restore) => restore());
    await super.teardown();
  }
}

function refuse() {
  throw new Error('Unit tests have no network: pass a fake, or name the file *.int-spec.ts');
}

import { accessSync, constants } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** A program that tests talk to when the machine has it: a real server beside the fakes. */
export interface Peer {
  readonly name: string;
  /** The first of these paths that can be executed is the program. */
  readonly paths: readonly string[];
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
}

/**
 * Tests against a real server. Without the program they are one skipped test that says what to install, or a failed one
 * where peers are required (`ROLLCALL_REQUIRE_PEERS=1`).
 */
export function describeWithPeer(peer: Peer, tests: (program: string) => void): void {
  const program = peer.paths.find(isExecutable);
  if (program !== undefined)
    describe(`peer ${peer.name}`, () => {
      tests(program);
    });
  else
    (isRequired ? it : it.skip)(`peer ${peer.name} is installed (${install(peer)})`, () => {
      expect(program).toBeDefined();
    });
}

/** Where everything has to be tested. */
const isRequired = process.env['ROLLCALL_REQUIRE_PEERS'] === '1';

function install({ packages }: Peer): string {
  return `apt-get install ${packages.join(' ')}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

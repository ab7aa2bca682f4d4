import { accessSync, constants } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** A program that tests talk to when the machine has it: a real server beside the fakes. */
export interface Peer {
  readonly name: string;
  /** The first of these paths that can be executed is the program. */
  readonly paths: readonly string[];
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
  /** It can be started by root only. */
  readonly needsRoot?: true;
}

/**
 * Tests against a real server. Without the program they are one skipped test that says what to install, or a failed one
 * where the peer is required: `ROLLCALL_REQUIRE_PEERS` is `1` for all of them, or names packages that are there. What only
 * root can start is skipped for everybody else.
 */
export function describeWithPeer(peer: Peer, tests: (program: string) => void): void {
  const program = peer.paths.find(isExecutable);
  const mayStart = peer.needsRoot !== true || process.getuid?.() === 0;
  if (program !== undefined && mayStart)
    describe(`peer ${peer.name}`, () => {
      tests(program);
    });
  else
    (isRequired(peer) && mayStart ? it : it.skip)(`peer ${peer.name} is installed (${advice(peer)})`, () => {
      expect(program).toBeDefined();
    });
}

function isRequired({ packages }: Peer): boolean {
  const required = process.env['ROLLCALL_REQUIRE_PEERS'] ?? '';
  return required === '1' || packages.every((name) => required.split(',').includes(name));
}

function advice({ packages, needsRoot }: Peer): string {
  return `apt-get install ${packages.join(' ')}${needsRoot === true ? ', as root' : ''}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

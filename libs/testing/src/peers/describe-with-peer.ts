import { accessSync, constants } from 'node:fs';
import { describe, it } from '@jest/globals';

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

/** The machine that the tests run on. */
export interface Machine {
  readonly isRoot: boolean;
  /** `ROLLCALL_REQUIRE_PEERS`: `1` for all peers, or names of packages that are there. */
  readonly required: string;
}

/** What comes of a peer's tests; `why` is what is missing, and what to do. */
export type PeerVerdict =
  | { readonly program: string }
  | { readonly skip: boolean; readonly program: undefined; readonly why: string };

/**
 * Tests against a real server. Without the program, or without root where only root can start it, they are one skipped test
 * that says what is missing, or a failed one where the peer is required by `ROLLCALL_REQUIRE_PEERS`.
 */
export function describeWithPeer(peer: Peer, tests: (program: string) => void): void {
  const verdict = judgePeer(peer, {
    isRoot: process.getuid?.() === 0,
    required: process.env['ROLLCALL_REQUIRE_PEERS'] ?? '',
  });
  if (verdict.program !== undefined) {
    describe(`peer ${peer.name}`, () => {
      tests(verdict.program);
    });
    return;
  }
  (verdict.skip ? it.skip : it)(`peer ${peer.name}: ${verdict.why}`, () => {
    throw new Error(`ROLLCALL_REQUIRE_PEERS asks for ${peer.name}, but it cannot be run: ${verdict.why}.`);
  });
}

export function judgePeer(peer: Peer, machine: Machine): PeerVerdict {
  const program = peer.paths.find(isExecutable);
  const missing = [
    ...(program === undefined ? [`needs apt-get install ${peer.packages.join(' ')}`] : []),
    ...(peer.needsRoot === true && !machine.isRoot ? ['needs root'] : []),
  ];
  if (program !== undefined && missing.length === 0) return { program };
  return { skip: !isRequired(peer, machine), program: undefined, why: missing.join(', ') };
}

function isRequired({ packages }: Peer, { required }: Machine): boolean {
  return required === '1' || packages.every((name) => required.split(',').includes(name));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

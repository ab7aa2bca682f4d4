import { describe, expect, it } from '@jest/globals';
import { judgePeer, type Peer } from './describe-with-peer.js';

const here: Peer = { name: 'Node', paths: ['/nowhere/node', process.execPath], packages: ['nodejs', 'npm'] };
const absent: Peer = { ...here, paths: ['/nowhere/node'] };
const rooted = (peer: Peer): Peer => ({ ...peer, needsRoot: true });

describe('tests against a peer', () => {
  it.each([
    ['run with the program', here, false, '1', { program: process.execPath }],
    ['run as root', rooted(here), true, '1', { program: process.execPath }],
    ['are skipped without it', absent, true, '', { skip: true, why: 'needs apt-get install nodejs npm' }],
    ['fail without it where all are required', absent, true, '1', { skip: false }],
    ['fail without it where it is named', absent, true, 'slapd,npm,nodejs', { skip: false }],
    ['are skipped where only a part of it is named', absent, true, 'slapd,npm', { skip: true }],
    ['are skipped by whoever is not root', rooted(here), false, '', { skip: true, why: 'needs root' }],
    [
      'fail for whoever is not root where required',
      rooted(here),
      false,
      '1',
      { skip: false, why: 'needs root' },
    ],
    [
      'fail likewise where it is named',
      rooted(here),
      false,
      'nodejs,npm',
      { skip: false, why: 'needs root' },
    ],
    [
      'say all that is missing',
      rooted(absent),
      false,
      '1',
      { skip: false, why: 'needs apt-get install nodejs npm, needs root' },
    ],
  ])('%s', (...[, peer, isRoot, required, expected]) => {
    expect(judgePeer(peer, { isRoot, required })).toMatchObject(expected);
  });
});

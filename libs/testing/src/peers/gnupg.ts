import type { Peer } from './describe-with-peer.js';

export const GNUPG: Peer = {
  name: 'GnuPG',
  paths: ['/usr/bin/gpg'],
  packages: ['gpg', 'gpg-agent'],
};

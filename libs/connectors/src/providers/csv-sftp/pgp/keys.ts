import type { PrivateKey, PublicKey } from 'openpgp';
import { SourceError } from '../../../sdk/source-error.ts';
import type { PgpSettings } from './settings.ts';

export type OpenPgp = typeof import('openpgp');

/** What files are opened with. */
export interface PgpKeys {
  readonly library: OpenPgp;
  /** Null: files are not encrypted. */
  readonly decryption: PrivateKey | null;
  /** Null: nobody has to have signed. */
  readonly signers: readonly PublicKey[] | null;
}

/** @throws SourceError `config_error` for a library that is not there, and for keys that cannot be used */
export async function loadKeys(
  settings: PgpSettings,
  load: () => Promise<OpenPgp> = () => import('openpgp'),
): Promise<PgpKeys> {
  const library = await load().catch((cause: unknown) => {
    throw new SourceError(
      'config_error',
      'Files with PGP need the package "openpgp" (LGPL-3.0), which is not installed here. Ask the operator to run "npm install openpgp@6" beside Rollcall and to start it again.',
      { cause },
    );
  });
  return {
    library,
    decryption: settings.decryption === null ? null : await unlock(library, settings.decryption),
    signers: settings.signers === null ? null : await readSigners(library, settings.signers),
  };
}

async function unlock(
  { readPrivateKey, decryptKey }: OpenPgp,
  { privateKey: armoredKey, passphrase }: NonNullable<PgpSettings['decryption']>,
): Promise<PrivateKey> {
  const key = await readPrivateKey({ armoredKey }).catch((cause: unknown) => {
    throw unusable(
      'The PGP private key cannot be read: export it again with gpg --armor --export-secret-keys',
      cause,
    );
  });
  if (key.isDecrypted()) return key;
  if (passphrase === null)
    throw unusable('The PGP private key has a passphrase: enter it as well', undefined);
  return decryptKey({ privateKey: key, passphrase }).catch((cause: unknown) => {
    throw unusable('The passphrase does not open the PGP private key', cause);
  });
}

async function readSigners({ readKeys }: OpenPgp, blocks: readonly string[]): Promise<PublicKey[]> {
  const keys = blocks.map((armoredKeys) =>
    readKeys({ armoredKeys }).catch((cause: unknown) => {
      throw unusable(
        'A PGP public key of the sender cannot be read: export it again with gpg --armor --export',
        cause,
      );
    }),
  );
  return (await Promise.all(keys)).flat();
}

function unusable(message: string, cause: unknown): SourceError {
  return new SourceError('config_error', `${message}.`, { cause });
}

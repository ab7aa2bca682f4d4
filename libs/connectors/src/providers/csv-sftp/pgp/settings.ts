import { InvalidInputError, type JsonObject } from '#kernel';

/** How files are protected by PGP. */
export interface PgpSettings {
  /** Files have to be encrypted for this key, armored; its passphrase if it has one. */
  readonly decryption: { readonly privateKey: string; readonly passphrase: string | null } | null;
  /** Armored public keys; files have to be signed by one of them. */
  readonly signers: readonly string[] | null;
}

const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[^]+?-----END PGP PUBLIC KEY BLOCK-----/g;

/** Null where neither is asked for. @throws InvalidInputError */
export function readPgp(form: JsonObject): PgpSettings | null {
  const decryption =
    form['pgp_encrypted'] === true
      ? {
          privateKey: form['pgp_private_key'] as string,
          passphrase: (form['pgp_passphrase'] as string | undefined) ?? null,
        }
      : null;
  const signers = form['pgp_signed'] === true ? keysIn(form['pgp_public_keys'] as string) : null;
  return decryption === null && signers === null ? null : { decryption, signers };
}

function keysIn(text: string): string[] {
  const blocks = text.match(BLOCK);
  if (blocks !== null) return blocks;
  const message =
    'Public keys of the sender hold no block that begins with -----BEGIN PGP PUBLIC KEY BLOCK-----.';
  throw new InvalidInputError('Validation failed', {
    problems: [{ field: 'config.pgp_public_keys', message }],
  });
}

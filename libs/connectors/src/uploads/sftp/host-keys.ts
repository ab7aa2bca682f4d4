import { createHash, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import type { Database, SealContext, SecretBox } from '#kernel';

/** What the SFTP server proves itself with; the same in every process. */
export interface HostKeys {
  /** OpenSSH or PEM form. */
  readonly privateKeys: readonly string[];
  /** `SHA256:…`, as `ssh-keygen -lf` shows them. */
  readonly fingerprints: readonly string[];
}

const NAME = 'sftp_host_keys';
const CONTEXT: SealContext = ['service', NAME, 'private_keys'];
const TRIES = 20;

/** Reads the host keys, or makes them where there are none. @throws Error when they are sealed with a key that is not known */
export async function loadHostKeys(database: Database, secretBox: SecretBox): Promise<HostKeys> {
  const sealed = (await stored(database)) ?? (await make(database, secretBox));
  const privateKeys = JSON.parse(secretBox.open(sealed, CONTEXT)) as string[];
  // After ROLLCALL_SECRET_KEYS has got a new first key, the old one may be removed some day.
  if (!sealed.startsWith(`${secretBox.currentKeyId}.`))
    await database.query({
      text: 'UPDATE service_secrets SET sealed = $2 WHERE name = $1 AND sealed = $3',
      values: [NAME, secretBox.seal(JSON.stringify(privateKeys), CONTEXT), sealed],
    });
  return { privateKeys, fingerprints: privateKeys.map(fingerprintOf) };
}

async function stored(database: Database): Promise<string | undefined> {
  const [row] = await database.query<{ sealed: string }>({
    text: 'SELECT sealed FROM service_secrets WHERE name = $1',
    values: [NAME],
  });
  return row?.sealed;
}

/** Of processes that start together one is the first, and all use its keys. */
async function make(database: Database, secretBox: SecretBox): Promise<string> {
  const keys = [ed25519(), await rsa()];
  await database.query({
    text: 'INSERT INTO service_secrets (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    values: [NAME, secretBox.seal(JSON.stringify(keys), CONTEXT)],
  });
  return (await stored(database)) as string;
}

/** Now and then ssh2 writes a key that it cannot read again. */
function ed25519(): string {
  for (let left = TRIES; left > 0; left--) {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
  throw new Error(`None of ${TRIES} new ed25519 keys could be read again`);
}

/** For clients that know nothing newer. */
async function rsa(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 3_072,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return privateKey;
}

function fingerprintOf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const hash = createHash('sha256').update(key.getPublicSSH()).digest('base64');
  return `SHA256:${hash.replace(/=+$/, '')}`;
}

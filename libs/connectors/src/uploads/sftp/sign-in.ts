import { timingSafeEqual } from 'node:crypto';
import ssh2, { type AuthContext, type Connection, type PublicKeyAuthContext } from 'ssh2';
import { AuthenticationError, TooManyFailuresError, type FailedLogins } from '#kernel';
import type { Directory } from '#model';
import type { Uploads } from '../uploads.js';

/** Who may upload. */
export interface UploadAccess {
  /** @throws AuthenticationError */
  authenticateUpload(externalKey: string, token: string): Promise<Directory>;
  findPolled(externalKey: string): Promise<Directory | undefined>;
}

/** Asks again who the connection belongs to; undefined when it may do nothing any more. */
export type Recheck = () => Promise<Directory | undefined>;

interface SignIn {
  readonly access: UploadAccess;
  readonly uploads: Uploads;
  readonly failedLogins: FailedLogins;
  /** Of the one who connects. */
  readonly peer: string | undefined;
  /** What is none of the client's business: the database is away. */
  readonly onError: (error: unknown) => void;
}

const METHODS: ('publickey' | 'password')[] = ['publickey', 'password'];
const MOST_TRIES = 6;

/** Lets a connection in as a directory; it is ended after too many tries. */
export function signIn(
  connection: Connection,
  parts: SignIn,
  onSuccess: (directory: Directory, recheck: Recheck) => boolean,
): void {
  let tries = 0;
  const decide = async (context: AuthContext): Promise<void> => {
    const recheck: Recheck = () => directoryOf(context, parts);
    const directory = await recheck();
    if (directory !== undefined && (isQuestion(context) || onSuccess(directory, recheck)))
      return context.accept();
    if (context.method !== 'none') tries += 1;
    if (tries >= MOST_TRIES) connection.end();
    else context.reject(METHODS);
  };
  connection.on('authentication', (context) => {
    decide(context).catch((error: unknown) => {
      parts.onError(error);
      connection.end();
    });
  });
}

/** The client asks whether a key would do; it has proved nothing yet. */
function isQuestion(context: AuthContext): boolean {
  return context.method === 'publickey' && context.signature === undefined;
}

async function directoryOf(context: AuthContext, parts: SignIn): Promise<Directory | undefined> {
  if (context.method === 'password') return byToken(context.username, context.password, parts);
  return context.method === 'publickey' ? byKey(context, parts) : undefined;
}

async function byToken(
  user: string,
  password: string,
  { access, uploads, failedLogins, peer }: SignIn,
): Promise<Directory | undefined> {
  const attempt = { peer, externalKey: user, secret: password };
  try {
    const directory = await failedLogins.watch(attempt, () => access.authenticateUpload(user, password));
    return uploads.takes(directory) ? directory : undefined;
  } catch (error) {
    if (error instanceof AuthenticationError || error instanceof TooManyFailuresError) return undefined;
    throw error;
  }
}

/** Not counted: keys cannot be guessed, and clients offer all they have. */
async function byKey(
  context: PublicKeyAuthContext,
  { access, uploads }: SignIn,
): Promise<Directory | undefined> {
  const directory = await access.findPolled(context.username);
  if (directory === undefined || !uploads.takes(directory)) return undefined;
  const key = uploads
    .publicKeys(directory)
    .map((line) => ssh2.utils.parseKey(line))
    .find((known) => !(known instanceof Error) && isSame(known.getPublicSSH(), context.key.data));
  if (key === undefined || key instanceof Error) return undefined;
  const { signature, blob, hashAlgo } = context;
  if (signature === undefined) return directory;
  // ssh2 answers with an Error as well, whatever its types say.
  const isGood: unknown = blob !== undefined && key.verify(blob, signature, hashAlgo);
  return isGood === true ? directory : undefined;
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

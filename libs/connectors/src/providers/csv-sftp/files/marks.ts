import { isJsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';

/** What a manifest or a checksum file says about one file. */
export interface Mark {
  readonly bytes: number | null;
  readonly rows: number | null;
  readonly sha256: string | null;
}

/** What `manifest.json` says. @throws SourceError when it is none */
export function readManifest(text: string): {
  readonly marks: ReadonlyMap<string, Mark>;
  readonly isComplete: boolean;
  /** ISO 8601 in UTC. */
  readonly generatedAt: string | null;
} {
  const value = parse(text);
  const files = isJsonObject(value) ? value['files'] : undefined;
  if (!isJsonObject(value) || !Array.isArray(files))
    throw new SourceError('source_changed_shape', 'manifest.json has no list "files".');
  const marks = new Map<string, Mark>();
  for (const file of files) {
    const { name, bytes, rows, sha256 } = isJsonObject(file) ? file : {};
    if (typeof name !== 'string')
      throw new SourceError('source_changed_shape', 'manifest.json names a file without its "name".');
    marks.set(name, { bytes: count(bytes, 'bytes'), rows: count(rows, 'rows'), sha256: digest(sha256) });
  }
  return { marks, isComplete: value['complete'] !== false, generatedAt: instant(value['generated_at']) };
}

/** A line of `sha256sum`: the sum, spaces, the name. @throws SourceError when it is none */
export function readChecksum(text: string, name: string): Mark {
  const sum = /^\s*([0-9a-f]{64})\b/i.exec(text)?.[1];
  if (sum === undefined)
    throw new SourceError('source_changed_shape', `${name}.sha256 does not begin with a SHA-256 sum.`);
  return { bytes: null, rows: null, sha256: sum.toLowerCase() };
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as JsonValue;
  } catch {
    throw new SourceError('source_changed_shape', 'manifest.json is no JSON; it may still be being written.');
  }
}

/** A number, also written as text; a word that cannot be read must not pass for one that was not said. */
function count(value: JsonValue | undefined, name: string): number | null {
  if (value === undefined || value === null) return null;
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new SourceError('source_changed_shape', `manifest.json has "${name}" that is no whole number.`);
}

function digest(value: JsonValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  throw new SourceError(
    'source_changed_shape',
    'manifest.json has a "sha256" that is not 64 hexadecimal digits.',
  );
}

function instant(value: JsonValue | undefined): string | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

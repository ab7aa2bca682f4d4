const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
/** OID of `text`. */
const TEXT = 25;
const NULL_LENGTH = -1;

/**
 * The value of a `text[]` parameter in PostgreSQL's binary form (`array_send` in its sources). As text every quote and
 * backslash would be escaped here and unescaped there, which for documents took longer than storing them.
 */
export function textArray(values: readonly (string | null)[]): Buffer {
  let size = HEADER_BYTES;
  for (const value of values) size += LENGTH_BYTES + (value === null ? 0 : Buffer.byteLength(value));
  const array = Buffer.allocUnsafe(size);
  const hasNull = values.includes(null);
  const dimensions = values.length === 0 ? 0 : 1;
  // An empty array has no dimension, and ends where the first one would begin.
  for (const [index, word] of [dimensions, hasNull ? 1 : 0, TEXT, values.length, 1].entries())
    array.writeInt32BE(word, index * LENGTH_BYTES);
  if (dimensions === 0) return array.subarray(0, 3 * LENGTH_BYTES);
  let at = HEADER_BYTES;
  for (const value of values) {
    const length = value === null ? NULL_LENGTH : array.write(value, at + LENGTH_BYTES);
    array.writeInt32BE(length, at);
    at += LENGTH_BYTES + Math.max(length, 0);
  }
  return array;
}

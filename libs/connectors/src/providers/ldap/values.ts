const TICKS_TO_1970 = 116_444_736_000_000_000n;
const NEVER = 9_223_372_036_854_775_807n;

/** objectGUID as text: the first three parts are little-endian (MS-DTYP 2.3.4). Undefined unless it has 16 bytes. */
export function guidText(bytes: Buffer): string | undefined {
  if (bytes.length !== 16) return undefined;
  const swapped = swapGuid(bytes).toString('hex');
  return [8, 12, 16, 20, 32].map((end, part, ends) => swapped.slice(ends[part - 1] ?? 0, end)).join('-');
}

/** The bytes of a GUID written as text. */
export function guidBytes(text: string): Buffer {
  return swapGuid(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

function swapGuid(bytes: Buffer): Buffer {
  const part = (start: number, end: number): Buffer => Buffer.from(bytes.subarray(start, end)).reverse();
  return Buffer.concat([part(0, 4), part(4, 6), part(6, 8), bytes.subarray(8)]);
}

/** objectSid as text (MS-DTYP 2.4.2); undefined for other bytes. */
export function sidText(bytes: Buffer): string | undefined {
  const count = bytes[1] ?? 0;
  if (bytes.length !== 8 + 4 * count || count === 0) return undefined;
  const parts = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(8 + 4 * index));
  return ['S', bytes[0], bytes.readUIntBE(2, 6), ...parts].join('-');
}

/** The bytes of a SID written as text. */
export function sidBytes(text: string): Buffer {
  const [revision = 0, authority = 0, ...parts] = text.split('-').slice(1).map(Number);
  const bytes = Buffer.alloc(8 + 4 * parts.length);
  bytes.set([revision, parts.length]);
  bytes.writeUIntBE(authority, 2, 6);
  parts.forEach((part, index) => bytes.writeUInt32LE(part, 8 + 4 * index));
  return bytes;
}

/** How ids that are bytes are written, by the name of their attribute. */
export const BINARY_IDS: Readonly<
  Record<string, { toText: (bytes: Buffer) => string | undefined; toBytes: (text: string) => Buffer }>
> = {
  objectguid: { toText: guidText, toBytes: guidBytes },
  'ms-ds-consistencyguid': { toText: guidText, toBytes: guidBytes },
  objectsid: { toText: sidText, toBytes: sidBytes },
};

/**
 * accountExpires: 100 ns since 1601. Null means never, which 0 and the highest number say, and years of more than four
 * digits come to the same; undefined is no such number.
 */
export function ticksToDate(text: string): Date | null | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  if (ticks === 0n || ticks >= NEVER) return null;
  const date = new Date(Number((ticks - TICKS_TO_1970) / 10_000n));
  return date.getUTCFullYear() > 9_999 ? null : date;
}

/** `20260302080000Z` (RFC 4517, generalized time). */
export function generalizedTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}

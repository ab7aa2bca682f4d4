import type { InputProblem } from '#kernel';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What undici and HTTP allow in a value: visible ASCII, space and tab. */
const VALUE = /^[\t\x20-\x7e]*$/;
const MAX_HEADERS = 20;
const MAX_BYTES = 4_096;

/** Ours, the connection's, or a cloud's: a customer who could set them could forge requests in our name. */
const RESERVED = new Set([
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'connection',
  'keep-alive',
  'expect',
  'user-agent',
  'accept-encoding',
  'workos-signature',
  'forwarded',
  'via',
]);
const RESERVED_PREFIXES = [
  'content-',
  'proxy-',
  'webhook-',
  'x-amz-',
  'x-goog-',
  'x-azure-',
  'x-forwarded-',
  'metadata',
];

/** What is wrong with a set of custom headers; empty when it is acceptable. */
export function checkCustomHeaders(headers: Readonly<Record<string, string>>): InputProblem[] {
  const entries = Object.entries(headers);
  const field = 'custom_headers';
  if (entries.length > MAX_HEADERS)
    return [{ field, message: `At most ${MAX_HEADERS} custom headers are possible.` }];
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > MAX_BYTES)
    return [{ field, message: `Custom headers hold at most ${MAX_BYTES} bytes in all.` }];
  const names = entries.map(([name]) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return [{ field, message: `The header "${twice}" is given twice.` }];
  return entries.flatMap(([name, value]) => {
    const problem = headerProblem(name, value);
    return problem === undefined ? [] : [{ field, message: problem }];
  });
}

function headerProblem(name: string, value: string): string | undefined {
  const shown = name.slice(0, 80);
  if (!TOKEN.test(name)) return `"${shown}" is not a header name.`;
  const lower = name.toLowerCase();
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return `The header "${shown}" is set by us or by the connection and cannot be chosen.`;
  if (typeof value !== 'string' || !VALUE.test(value))
    return `The value of the header "${shown}" may hold visible ASCII characters and spaces only.`;
  return undefined;
}

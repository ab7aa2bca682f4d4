import type { DetectionHint, Dialect } from './contract.js';

/** The parts of a request that tell something about its sender. Names of headers in lower case. */
export interface RequestTraits {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly query: string;
  readonly body: Uint8Array | undefined;
}

/** Schemas stand at the beginning of a body; a group with a hundred thousand members is not read to its end. */
const BODY_BYTES = 8_192;

/** What a sender says of itself counts more than how it writes. */
const STRONGEST_FIRST = ['user_agent', 'header', 'query', 'body'] as const;

/**
 * Id of the dialect that the request looks like, undefined when nothing suggests one or two are suggested alike.
 * Pure, and for display only.
 */
export function detectDialect(
  dialects: readonly Pick<Dialect, 'id' | 'detect'>[],
  request: RequestTraits,
): string | undefined {
  for (const source of STRONGEST_FIRST) {
    const texts = TEXTS[source](request);
    const suggested = dialects.filter(({ detect }) => detect.some((hint) => isMet(hint, source, texts)));
    if (suggested.length === 1) return suggested[0]?.id;
    if (suggested.length > 1) return undefined;
  }
  return undefined;
}

function isMet(hint: DetectionHint, source: DetectionHint['in'], texts: readonly string[]): boolean {
  return hint.in === source && texts.some((text) => hint.pattern.test(text));
}

const TEXTS: Readonly<Record<DetectionHint['in'], (request: RequestTraits) => readonly string[]>> = {
  user_agent: ({ headers }) => [headers['user-agent'] ?? []].flat(),
  header: ({ headers }) => Object.keys(headers),
  query: ({ query }) => [query],
  body: ({ body }) =>
    body === undefined ? [] : [Buffer.from(body.subarray(0, BODY_BYTES)).toString('utf8')],
};

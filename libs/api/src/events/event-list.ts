import type { JsonObject } from '#kernel';

/** A list of events. They are stored as the text that is sent, so they are spliced in, not parsed. */
export function eventListText(bodies: readonly string[], metadata: JsonObject): string {
  return `{"object":"list","data":[${bodies.join(',')}],"list_metadata":${JSON.stringify(metadata)}}`;
}

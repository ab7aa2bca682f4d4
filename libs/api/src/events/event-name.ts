import { EVENT_TYPES } from '#model';
import { refuse, type Decoder } from '../edge/decoder.js';
import { FOREIGN_EVENT_NAMES } from './foreign-event-names.js';

const EMITTED: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Whether events of this name can exist here. */
export function isEmitted(name: string): boolean {
  return EMITTED.has(name);
}

/** The name of an event, ours or one that shared client code knows. */
export function eventName(): Decoder<string> {
  return {
    schema: { type: 'string', examples: [...EVENT_TYPES] },
    decode: (value, field) => {
      if (typeof value === 'string' && (EMITTED.has(value) || FOREIGN_EVENT_NAMES.has(value))) return value;
      throw refuse(field, `does not know the event "${String(value).slice(0, 100)}"; check its spelling`);
    },
  };
}

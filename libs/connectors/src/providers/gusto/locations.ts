import type { JsonValue } from '#kernel';
import { decodeRecord } from '../../sdk/decode.js';
import type { GroupLabel } from '../../sdk/hr/derived-groups.js';

/** Places of work. They have no names, only addresses. */
export class Locations {
  readonly #names = new Map<string, string>();

  constructor(items: readonly JsonValue[]) {
    for (const item of items)
      // One that cannot be read goes by its id.
      decodeRecord(item, 'group', (location) => {
        const parts = ['street_1', 'city', 'state'].flatMap((key) => location.optionalText(key) ?? []);
        const id = location.text('uuid');
        if (parts.length > 0) this.#names.set(id, parts.join(', '));
        return { kind: 'group', group: { sourceId: id, name: id, raw: {} } };
      });
  }

  label(id: string): GroupLabel {
    return { type: 'location', id, name: this.#names.get(id) ?? null };
  }

  ids(): readonly string[] {
    return [...this.#names.keys()];
  }
}

import { isJsonObject, type JsonValue } from '#kernel';
import { Fields } from '../../../sdk/decode.js';
import { GROUP_ATTRIBUTES, type GroupKind } from '../attributes.js';
import type { NameList, PersonClient } from './client.js';
import type { NamedPlace, Place } from './places.js';

const LISTS: Partial<Readonly<Record<GroupKind, NameList>>> = {
  location: 'workplaces',
  company: 'legal-entities',
  cost_center: 'cost-centers',
};

/** Null: there is no such list, and nobody can tell names. */
type Known = ReadonlyMap<string, string> | null;

/** Names of departments, offices …, asked for once and kept as long as a stream is read. */
export class Names {
  readonly #client: PersonClient;
  readonly #lists = new Map<GroupKind, Known>();
  /** Null for a unit that Personio does not know. */
  readonly #units = new Map<string, string | null>();

  constructor(client: PersonClient) {
    this.#client = client;
  }

  /** Asks for what is not known yet. @throws SourceError that says which right is missing */
  async learn(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      const { type, id } = place;
      if (type === 'department' || type === 'team') {
        const key = keyOf(place);
        if (!this.#units.has(key))
          this.#units.set(key, nameIn(await this.#client.orgUnit(id, type, rightFor(type))));
      } else if (!this.#lists.has(type)) {
        this.#lists.set(type, namesIn(await this.#client.named(LISTS[type] as NameList, rightFor(type))));
      }
    }
  }

  /** A place of which Personio has no list goes by its id. */
  of(place: Place): NamedPlace {
    const { type, id } = place;
    const known = this.#lists.get(type);
    const name = known === undefined ? this.#units.get(keyOf(place)) : known === null ? id : known.get(id);
    return { label: { type, id, name: name ?? null }, isKnown: name !== undefined && name !== null };
  }
}

function keyOf({ type, id }: Place): string {
  return `${type}:${id}`;
}

function namesIn(items: readonly JsonValue[] | null): Known {
  if (items === null) return null;
  return new Map(
    items.flatMap((item): [string, string][] => {
      const name = nameIn(item);
      return name === null ? [] : [[new Fields(item as Record<string, JsonValue>).id('id'), name]];
    }),
  );
}

function nameIn(item: JsonValue): string | null {
  if (!isJsonObject(item)) return null;
  const inner = item['_data'] ?? item['data'];
  return new Fields(isJsonObject(inner) ? inner : item).optionalText('name');
}

function rightFor(type: GroupKind): string {
  return (
    `The API credential may not read what its ${type.replace('_', ' ')} groups are called. Give it the right to read the ` +
    `organization in Personio, or name "${GROUP_ATTRIBUTES[type]}" under "Attributes that are not shared".`
  );
}

import type { JsonObject } from '#kernel';

interface LoggedEvent {
  readonly event: string;
  readonly data: JsonObject & {
    readonly id: string;
    readonly group?: { id: string };
    readonly user?: { id: string };
  };
}

/** What a strict consumer has who follows the log of a directory. */
export class FoldedLog {
  readonly #users = new Map<string, JsonObject>();
  readonly #groups = new Set<string>();
  readonly #links = new Set<string>();
  /** Events that cannot be: somebody created twice, a membership that ends without having begun. */
  readonly contradictions: string[] = [];

  constructor(events: readonly JsonObject[]) {
    for (const event of events) this.#apply(event as unknown as LoggedEvent);
  }

  /** Users by id, ids of groups, `group user` of memberships, each in order. */
  get state(): unknown {
    const users = [...this.#users].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, user]) => user);
    return { users, groups: [...this.#groups].toSorted(), links: [...this.#links].toSorted() };
  }

  #apply({ event, data }: LoggedEvent): void {
    if (event.startsWith('dsync.group.user_')) this.#link(event, `${data.group?.id} ${data.user?.id}`);
    else if (event.startsWith('dsync.user.')) this.#user(event, data);
    else if (event.startsWith('dsync.group.')) this.#group(event, data.id);
  }

  #user(event: string, data: LoggedEvent['data']): void {
    this.#expect(this.#users.has(data.id) !== event.endsWith('created'), `${event} ${data.id}`);
    if (event.endsWith('deleted')) this.#users.delete(data.id);
    else this.#users.set(data.id, withoutMarks(data));
  }

  #group(event: string, id: string): void {
    this.#expect(this.#groups.has(id) !== event.endsWith('created'), `${event} ${id}`);
    if (!event.endsWith('deleted')) {
      this.#groups.add(id);
      return;
    }
    this.#groups.delete(id);
    for (const link of this.#links) if (link.startsWith(`${id} `)) this.#links.delete(link);
  }

  #link(event: string, link: string): void {
    const added = event.endsWith('added');
    this.#expect(this.#links.has(link) !== added, `${event} ${link}`);
    if (added) this.#links.add(link);
    else this.#links.delete(link);
  }

  #expect(holds: boolean, what: string): void {
    if (!holds) this.contradictions.push(what);
  }
}

/** A user without what only an event or only REST says. */
export function withoutMarks(wire: JsonObject): JsonObject {
  const marks = ['previous_attributes', 'pending_removal'];
  return Object.fromEntries(Object.entries(wire).filter(([name]) => !marks.includes(name)));
}

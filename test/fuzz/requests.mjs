import { readFileSync, readdirSync } from 'node:fs';
import { Mutator } from './mutate.mjs';
import { FILTERS, PATHS, PATCH_PATHS, QUERY_NAMES, TEXTS } from './words.mjs';

const DIALECTS = new URL('../../libs/scim/src/dialects/', import.meta.url);
const KNOWN_IDS = 200;

/** Every exchange that a dialect's fixtures record. */
function readFixtures() {
  return readdirSync(DIALECTS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const folder = new URL(`${name}/fixtures/`, DIALECTS);
      return readdirSync(folder)
        .filter((file) => file.endsWith('.json'))
        .map((file) => ({
          ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
          isLegacy: name === 'scim-1-1',
        }));
    });
}

/** Makes one request after the other. It learns ids from the answers, so that requests meet what is there. */
export class RequestSource {
  #fixtures = readFixtures();
  #random;
  #mutate;
  #directories;
  #ids = new Map();

  constructor(random, directories) {
    this.#random = random;
    this.#mutate = new Mutator(random);
    this.#directories = directories;
    for (const directory of directories)
      this.#ids.set(directory, { Users: ['directory_user_x'], Groups: ['directory_group_x'] });
  }

  next() {
    const random = this.#random;
    const directory = random.pick(this.#directories);
    const plan = random.chance(0.6) ? this.#fromFixture(directory) : this.#fromWords(directory);
    const json = plan.body === undefined ? undefined : JSON.stringify(plan.body);
    const hasBody = json !== undefined && !['GET', 'HEAD'].includes(plan.method);
    return {
      directory,
      method: random.chance(0.02) ? random.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) : plan.method,
      url: `${directory.bases[plan.version]}${this.#mutate.address(plan.path, plan.query)}`,
      headers: this.#mutate.headers({
        'content-type': 'application/scim+json',
        ...plan.headers,
        authorization: `Bearer ${directory.token}`,
      }),
      body: hasBody ? this.#mutate.bytes(json) : undefined,
    };
  }

  learn({ directory, method }, { status, text }) {
    if (method !== 'POST' || status !== 201) return;
    const [, id, kind] = /"id":"(directory_(user|group)_\w+)"/.exec(text) ?? [];
    if (id === undefined) return;
    const known = this.#ids.get(directory)[kind === 'user' ? 'Users' : 'Groups'];
    known[known.length < KNOWN_IDS ? known.length : this.#random.below(KNOWN_IDS)] = id;
  }

  #fromFixture(directory) {
    const random = this.#random;
    const fixture = random.pick(this.#fixtures);
    const text =
      fixture.body === undefined ? undefined : this.#fillIn(JSON.stringify(fixture.body), directory);
    const body = text === undefined ? undefined : JSON.parse(text);
    return {
      version: fixture.isLegacy !== random.chance(0.1) ? '1.1' : '2.0',
      method: fixture.method,
      path: this.#fillIn(this.#fillPath(fixture.path, directory), directory),
      query: this.#fillIn(fixture.query ?? '', directory),
      headers: fixture.headers ?? {},
      body: random.chance(0.8) ? this.#mutate.json(body) : body,
    };
  }

  #fromWords(directory) {
    const random = this.#random;
    const isPatch = random.chance(0.5);
    return {
      version: random.chance(0.2) ? '1.1' : '2.0',
      method: isPatch ? 'PATCH' : random.pick(['GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']),
      path: this.#fillPath(random.pick(isPatch ? ['/Users/{id}', '/Groups/{id}'] : PATHS), directory),
      query: this.#query(),
      headers: {},
      body: isPatch ? this.#patch(directory) : this.#mutate.anything(3),
    };
  }

  #query() {
    const random = this.#random;
    const count = random.pick([0, 1, 1, 2, 3]);
    const parameters = Array.from({ length: count }, () => {
      const name = random.pick(QUERY_NAMES);
      const value = name === 'filter' ? this.#mutate.text(random.pick(FILTERS)) : random.pick(TEXTS);
      return `${name}=${encodeURIComponent(value.toWellFormed())}`;
    });
    return parameters.join('&');
  }

  #patch(directory) {
    const random = this.#random;
    const operations = Array.from({ length: 1 + random.below(3) }, () => {
      const value = random.chance(0.1) ? this.#anyId(directory) : this.#mutate.anything(3);
      return {
        op: random.pick(['add', 'replace', 'remove', 'Add', 'Replace']),
        ...(random.chance(0.85) ? { path: this.#mutate.text(random.pick(PATCH_PATHS)) } : {}),
        ...(random.chance(0.85) ? { value } : {}),
      };
    });
    return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
  }

  #idOf(directory, kind) {
    return this.#random.pick(this.#ids.get(directory)[kind]);
  }

  #anyId(directory) {
    return this.#idOf(directory, this.#random.pick(['Users', 'Users', 'Groups']));
  }

  #fillIn(text, directory) {
    return text.replaceAll(/\{\{[^}]+\}\}/g, () => this.#anyId(directory));
  }

  /** What a placeholder stands for shows in the address before it; now and then it becomes something else. */
  #fillPath(path, directory) {
    return path.replaceAll(/(Users|Groups)\/(?:\{\{[^}]+\}\}|\{id\})/g, (_all, kind) => {
      const id = this.#random.chance(0.95) ? this.#idOf(directory, kind) : this.#anyId(directory);
      return `${kind}/${id}`;
    });
  }
}

import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotKind } from '#model';
import type { JsonAnswer, SourceHttp } from '../../sdk/http/source-http.js';
import { existenceIn, plural, strange404 } from '../../sdk/look-up.js';
import { bearerTokens, requestToken } from '../../sdk/oauth-token.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { KeycloakConfig } from './config.js';
import { explainToken, judge, missingRole, noRealm, saysNotFound } from './errors.js';
import { federationIn } from './federations.js';
import { manifest } from './manifest.js';
import { endless, readAll, type ReadPart } from './pages.js';
import type { OffsetListing } from '../../sdk/offset-pages.js';

const PAGE = manifest.limits.pageSize;

/** The Admin REST API of one realm, one method per call. https://www.keycloak.org/docs-api/latest/rest-api/index.html */
export class KeycloakClient {
  readonly #http: SourceHttp;
  readonly #realm: string;
  readonly #path: string;
  /** Versions before 23 have no list of children; learned from the first refusal. */
  #hasChildren = true;

  constructor(config: KeycloakConfig, ports: SourcePorts) {
    const { serverUrl, realm, clientId, clientSecret } = config;
    this.#realm = realm;
    this.#path = `/admin/realms/${encodeURIComponent(realm)}`;
    this.#http = ports.http({
      baseUrl: serverUrl,
      limits: manifest.limits,
      ca: config.caCertificate,
      judge,
      authorize: bearerTokens(
        () =>
          requestToken(
            this.#http,
            {
              path: `/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`,
              form: { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
              accept: [400, 401, 403, 404],
            },
            explainToken(config),
          ),
        ports.clock,
      ),
    });
  }

  /** All users but service accounts, ordered by user name. */
  users(): OffsetListing {
    return endless((part) => this.#part('/users', { ...part, briefRepresentation: false }), PAGE);
  }

  /** Groups without a group above, with their attributes. */
  topGroups(): OffsetListing {
    return endless((part) => this.#part('/groups', { ...part, briefRepresentation: false }), PAGE);
  }

  /** Users in the realm's database, service accounts left out; users of a federation count once they are imported. */
  async countUsers(): Promise<number> {
    const { body } = this.#listed(await this.#get('/users/count'));
    if (typeof body === 'number' && Number.isSafeInteger(body)) return body;
    throw new SourceError('source_changed_shape', 'Keycloak sent a count of users that is no number.');
  }

  /** Subgroups too. */
  async countGroups(): Promise<number | null> {
    const { body } = this.#listed(await this.#get('/groups/count'));
    const count = isJsonObject(body) ? body['count'] : undefined;
    return typeof count === 'number' ? count : null;
  }

  /**
   * Makes sure that nobody is hidden from us. Lists and counts leave out, without a word, whom the service account may
   * not see; the failed logins of an id that nobody has are shown to those only who may see all users
   * (AttackDetectionResource). The id is a new one each time, so that no cache between us answers.
   * @throws SourceError `insufficient_permissions`
   */
  async requireFullView(): Promise<void> {
    const { status, body } = await this.#get(`/attack-detection/brute-force/users/${randomUUID()}`);
    if (status !== 404 && isJsonObject(body) && Object.hasOwn(body, 'numFailures')) return;
    if (status === 404) throw strange404('Keycloak');
    throw missingRole();
  }

  /** Direct members; null when there is no such group. */
  async members(groupId: string): Promise<readonly JsonValue[] | null> {
    const path = `/groups/${encodeURIComponent(groupId)}/members`;
    return this.#ofOne('group', path, { briefRepresentation: true });
  }

  /** The groups that a user is in, not by way of others; null when there is no such user. */
  groupsOf(userId: string): Promise<readonly JsonValue[] | null> {
    const path = `/users/${encodeURIComponent(userId)}/groups`;
    return this.#ofOne('user', path, { briefRepresentation: true });
  }

  /** One group with what it says about its subgroups; null when there is no such group. */
  async group(groupId: string): Promise<JsonObject | null> {
    const answer = await this.#get(`/groups/${encodeURIComponent(groupId)}`);
    if (answer.status === 404) return nullIfSaid(answer, 'group');
    if (isJsonObject(answer.body) && answer.body['id'] === groupId) return answer.body;
    throw new SourceError(
      'source_changed_shape',
      'Keycloak sent something else than the group that was asked for.',
    );
  }

  /**
   * The groups right below one, which may say more about their own.
   * @throws SourceError `incomplete_listing` when there are fewer than the group says
   */
  async subgroups(group: JsonObject): Promise<readonly JsonValue[]> {
    const { id, subGroupCount: count, subGroups: embedded } = group;
    if (count === 0 || typeof id !== 'string') return [];
    if (typeof count !== 'number' && Array.isArray(embedded) && embedded.length > 0) return embedded;
    const children = this.#hasChildren ? await this.#children(id) : [];
    if (typeof count !== 'number' || children.length >= count) return children;
    throw new SourceError(
      'incomplete_listing',
      `A group says that it has ${count} subgroups, and Keycloak listed ${children.length} of them.`,
    );
  }

  /** Undefined when a 404 is not Keycloak's own. */
  async exists(kind: SnapshotKind, id: string): Promise<boolean | 'unanswered' | undefined> {
    const answer = await this.#get(`/${plural(kind)}/${encodeURIComponent(id)}`);
    const isDenied = answer.status === 404 && saysNotFound(answer, kind) && (await this.#isWord(id));
    return existenceIn(answer, { isDenied, isIt: (object) => object['id'] === id });
  }

  /** Whether a user is enabled; undefined when Keycloak does not show the user (a federation that is away: 500). */
  async isEnabled(userId: string): Promise<boolean | undefined> {
    const path = `${this.#path}/users/${encodeURIComponent(userId)}`;
    const { body } = await this.#http.json({ path, accept: [404, 500] });
    const user = isJsonObject(body) && body['id'] === userId ? body : {};
    return typeof user['enabled'] === 'boolean' ? user['enabled'] : undefined;
  }

  /** Whether a user federation was removed from the realm; false as well when older versions do not tell (`view-realm`). */
  async isFederationGone(id: string): Promise<boolean> {
    const path = `${this.#path}/components/${encodeURIComponent(id)}`;
    const answer = await this.#http.json({ path, accept: [403, 404] });
    return answer.status === 404 && saysNotFound(answer, 'component');
  }

  /** A federation that is switched off or away has nobody, so a 404 is no word about those whom it keeps to itself. */
  async #isWord(id: string): Promise<boolean> {
    const federation = federationIn(id);
    return federation === null || this.isFederationGone(federation);
  }

  async #children(groupId: string): Promise<readonly JsonValue[]> {
    const path = `/groups/${encodeURIComponent(groupId)}/children`;
    // Gone since it was listed: so are its subgroups.
    return (await this.#ofOne('group', path, { briefRepresentation: false })) ?? [];
  }

  async #ofOne(
    kind: SnapshotKind,
    path: string,
    query: Readonly<Record<string, boolean>>,
  ): Promise<readonly JsonValue[] | null> {
    const read: ReadPart = async (part) => {
      const answer = await this.#get(path, { ...part, ...query });
      if (answer.status === 404 && nullIfSaid(answer, kind) === null) throw new OneGone();
      if (answer.status === 405) {
        this.#hasChildren = false;
        return [];
      }
      return listOf(answer);
    };
    try {
      return await readAll(endless(read, PAGE));
    } catch (error) {
      if (error instanceof OneGone) return null;
      throw error;
    }
  }

  async #part(
    path: string,
    query: Readonly<Record<string, number | boolean>>,
  ): Promise<readonly JsonValue[]> {
    return listOf(this.#listed(await this.#get(path, query)));
  }

  #get(path: string, query: Readonly<Record<string, number | boolean>> = {}): Promise<JsonAnswer> {
    return this.#http.json({ path: `${this.#path}${path}`, query, accept: [404, 405] });
  }

  #listed(answer: JsonAnswer): JsonAnswer {
    if (answer.status < 300) return answer;
    const isOwn = isJsonObject(answer.body) && typeof answer.body['error'] === 'string';
    throw isOwn ? noRealm(this.#realm) : strange404('Keycloak');
  }
}

class OneGone extends Error {}

/** @throws SourceError when it is not Keycloak that says 404 */
function nullIfSaid(answer: JsonAnswer, kind: SnapshotKind): null {
  if (saysNotFound(answer, kind)) return null;
  throw strange404('Keycloak');
}

function listOf({ body }: JsonAnswer): readonly JsonValue[] {
  if (Array.isArray(body)) return body;
  throw new SourceError('source_changed_shape', 'Keycloak sent something else than a list.');
}

/*
 * SCIMMY over a Map: the whole SCIM protocol, nothing stored, no authentication. Wired to bare node:http, which is
 * faster than its Express routers, and looked up by key, so that it is never slowed by what it is not about.
 */
import { randomUUID } from 'node:crypto';
import SCIMMY from 'scimmy';

import { answer } from '../harness/probe.mjs';
import { readJson, sendJson, serve } from './http-server.mjs';

const usersById = new Map();
const usersByName = new Map();

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false));
SCIMMY.Resources.User.basepath('/scim/v2')
  .ingress((resource, data) => {
    const now = new Date();
    if (usersByName.has(data.userName)) throw new SCIMMY.Types.Error(409, 'uniqueness', 'User name taken');
    const user = { ...data, id: resource.id ?? randomUUID(), meta: { created: now, lastModified: now } };
    usersById.set(user.id, user);
    usersByName.set(user.userName, user);
    return user;
  })
  .egress((resource) => {
    if (resource.id) return usersById.get(resource.id);
    const [comparator, name] = resource.filter?.[0]?.userName ?? [];
    const user = comparator === 'eq' ? usersByName.get(name) : undefined;
    return user === undefined ? [] : [user];
  });

const origin = await serve(handle);
answer('targets', () => [{ url: `${origin}/scim/v2`, token: 'none' }]);

async function handle(request, response) {
  const url = new URL(request.url, origin);
  if (request.method === 'GET') {
    const query = Object.fromEntries(url.searchParams);
    sendJson(response, 200, await new SCIMMY.Resources.User(query).read());
  } else {
    sendJson(response, 201, await new SCIMMY.Resources.User().write(await readJson(request)));
  }
}

/*
 * Polis (@boxyhq/saml-jackson), its directory sync embedded in a server as its documentation shows, on the same
 * PostgreSQL. Events go to a callback that does nothing, so Polis is spared sending webhooks or storing events.
 */
import { createRequire } from 'node:module';

import { answer } from '../harness/probe.mjs';
import { readJson, sendJson, serve } from './http-server.mjs';

// A CommonJS package; require gives its exports as they are.
const { controllers } = createRequire(import.meta.url)('@boxyhq/saml-jackson');

const SCIM_PATH = '/api/scim/v2.0';
const origin = await serve(handle);
const quiet = () => undefined;
const { directorySyncController } = await controllers({
  externalUrl: origin,
  samlPath: '/api/oauth/saml',
  scimPath: SCIM_PATH,
  noAnalytics: true,
  db: {
    engine: 'sql',
    type: 'postgres',
    url: `${process.env.DATABASE_URL}?pool_max_conns=${process.env.POOL_SIZE}`,
    pageLimit: 50,
  },
  logger: { info: quiet, warn: quiet, error: console.error },
});

let directories = 0;
answer('targets', async ({ count }) => {
  const targets = [];
  for (let n = 0; n < count; n += 1) {
    directories += 1;
    const { data, error } = await directorySyncController.directories.create({
      name: `Directory ${directories}`,
      tenant: `tenant-${directories}`,
      product: 'bench',
      type: 'okta-scim-v2',
    });
    if (error) throw new Error(error.message);
    targets.push({ url: `${origin}${SCIM_PATH}/${data.id}`, token: data.scim.secret });
  }
  return targets;
});

async function handle(request, response) {
  const url = new URL(request.url, origin);
  const [directoryId, resourceType, resourceId] = url.pathname.slice(SCIM_PATH.length + 1).split('/');
  const count = url.searchParams.get('count');
  const startIndex = url.searchParams.get('startIndex');
  const { status, data } = await directorySyncController.requests.handle(
    {
      method: request.method,
      body: request.method === 'GET' ? undefined : await readJson(request),
      directoryId,
      resourceType,
      resourceId,
      apiSecret: request.headers.authorization?.split(' ')[1],
      query: {
        count: count === null ? undefined : Number(count),
        startIndex: startIndex === null ? undefined : Number(startIndex),
        filter: url.searchParams.get('filter') ?? undefined,
      },
    },
    async () => undefined,
  );
  sendJson(response, status, data);
}

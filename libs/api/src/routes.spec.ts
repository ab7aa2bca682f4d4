import { describe, expect, it, beforeAll, afterAll } from '@jest/globals';
import { API_CONTROLLERS } from './api-controllers.js';
import { routesOf } from './openapi/route.js';
import { apiUnderTest, type ApiUnderTest } from '../test-support/api-under-test.js';

const routes = routesOf(API_CONTROLLERS);
const guarded = routes.filter((route) => !route.isPublic);

function urlOf(path: string): string {
  return path.replaceAll(/:\w+/g, 'x');
}

describe('every route', () => {
  let api: ApiUnderTest;

  beforeAll(async () => {
    api = await apiUnderTest();
  });
  afterAll(() => api.app.close());

  it('is found', () => {
    expect(routes.length).toBeGreaterThan(35);
  });

  it.each(routes.map((route) => [route.name, route] as const))(
    '%s declares its scopes or is public',
    (_, route) => {
      expect(route.isPublic).not.toBe(route.scopes !== undefined);
    },
  );

  it.each(guarded.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s refuses a request without a key and one without the scope',
    async (_, route) => {
      const anonymous = await api.ask(route.method.toUpperCase(), urlOf(route.path), { scopes: null });
      expect([anonymous.status, anonymous.json()]).toEqual([401, { message: 'Unauthorized' }]);
      const others = (['directories:read', 'webhooks:read'] as const).filter(
        (scope) => !route.scopes?.includes(scope),
      );
      const poor = await api.ask(route.method.toUpperCase(), urlOf(route.path), {
        scopes: others.slice(0, 1),
      });
      expect([poor.status, typeof poor.json().message]).toEqual([403, 'string']);
    },
  );

  it('that manages environments or their keys asks for instance:admin', () => {
    const instance = routes.filter((route) => route.path.startsWith('/management/environments'));
    expect(instance.length).toBeGreaterThan(3);
    for (const route of instance) expect(route.scopes).toEqual(['instance:admin']);
  });

  it('that only reads asks for no right to write, and the other way round', () => {
    const wrong = guarded.filter((route) => {
      const [scope] = route.scopes ?? [];
      return scope !== 'instance:admin' && (route.method === 'get') !== scope?.endsWith(':read');
    });
    expect(wrong.map((route) => route.name)).toEqual([]);
  });

  it('that is a POST honours Idempotency-Key', () => {
    // The same file twice is the same upload without a key, too.
    const posts = routes.filter(({ method, path }) => method === 'post' && !path.startsWith('/uploads/'));
    expect(posts.filter((route) => !route.isIdempotent).map((route) => route.name)).toEqual([]);
  });
});

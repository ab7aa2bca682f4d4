import type { JsonObject } from '#kernel';
import { API_CONTROLLERS } from '../api-controllers.js';
import { COMPONENT_SCHEMAS } from './components.js';
import { describeRoute } from './describe-route.js';
import { routesOf } from './route.js';

export interface OpenApiOptions {
  readonly version: string;
  /** Address of the server; without it clients take the one they loaded the document from. */
  readonly publicUrl?: string;
}

/** The OpenAPI 3.1 document of every REST route, made of what the routes themselves read and declare. */
export function buildOpenApi(options: OpenApiOptions): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routesOf(API_CONTROLLERS)) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: describeRoute(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rollcall API',
      version: options.version,
      description: 'Directories, their users and groups, and everything that happens to them.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.publicUrl ?? '/' }],
    paths,
    components: {
      schemas: COMPONENT_SCHEMAS as JsonObject,
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        uploadToken: { type: 'http', scheme: 'bearer', description: 'A token of the directory.' },
      },
    },
  };
}

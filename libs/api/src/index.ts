export { ApiModule, type ApiModuleOptions } from './api.module.js';
export { API_SERVER_OPTIONS, sendRequestIds } from './edge/server-options.js';
export { IdempotencyStore } from './edge/idempotency-store.js';
export { buildOpenApi, type OpenApiOptions } from './openapi/build-openapi.js';

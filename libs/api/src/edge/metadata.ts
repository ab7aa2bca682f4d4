/** Keys under which decorators leave on a route handler what guards and the OpenAPI builder read there. */
export const SCOPES = 'rollcall:scopes';
export const PUBLIC = 'rollcall:public';
export const IDEMPOTENT = 'rollcall:idempotent';
export const BODY = 'rollcall:body';
export const QUERY = 'rollcall:query';
export const OPERATION = 'rollcall:operation';

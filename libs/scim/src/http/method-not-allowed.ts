import { ScimError } from '../protocol/errors.js';

/** 405; the answer carries `Allow` (RFC 9110 15.5.6). */
export class MethodNotAllowed extends ScimError {
  readonly allow: string;

  constructor(method: string, allowed: readonly string[]) {
    const allow = allowed.join(', ');
    super(`${method.slice(0, 20)} is not possible at this address. Possible here: ${allow}.`, {
      status: 405,
    });
    this.allow = allow;
  }
}

import { isJsonObject, type JsonValue } from '#kernel';
import type { JsonAnswer, SourceHttp, SourceRequest } from '../../sdk/http/source-http.js';
import { SourceError } from '../../sdk/source-error.js';

/**
 * Asks, and tells a missing right from a refused token: Personio answers both with 401, and only the words differ.
 * @param right what the admin has to do about it
 * @throws SourceError `insufficient_permissions` with these words
 */
export async function askWithRight(
  http: SourceHttp,
  request: SourceRequest,
  right: string,
): Promise<JsonAnswer> {
  try {
    return await http.json(request);
  } catch (error) {
    if (!(error instanceof SourceError) || error.code !== 'invalid_credentials') throw error;
    const answer = await http.json({ ...request, accept: [401] });
    if (answer.status !== 401 || !saysUnauthorizedRequest(answer.body)) throw error;
    throw new SourceError('insufficient_permissions', right, { facts: error.facts });
  }
}

/** `{"error": {"message": "Unauthorized Request"}}`, or the same words in a list of errors. */
function saysUnauthorizedRequest(body: JsonValue): boolean {
  if (!isJsonObject(body)) return false;
  const { error, errors } = body;
  const said = [error, ...(Array.isArray(errors) ? errors : [])].flatMap((one) =>
    isJsonObject(one) ? [one['message'], one['title'], one['detail']] : [],
  );
  return said.includes('Unauthorized Request');
}

import { Agent, request as call } from 'undici';

const HANG_MS = 5_000;
const agent = new Agent({ connections: 64, pipelining: 1, headersTimeout: HANG_MS, bodyTimeout: HANG_MS });

/** Sends one request. The outcome has a `status`, or `problem`: hang, lost, or unsendable (by this client). */
export async function send({ method, url, headers, body }) {
  const startedAt = performance.now();
  const took = () => performance.now() - startedAt;
  try {
    const response = await call(url, { method, headers, body, dispatcher: agent });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, ms: took() };
  } catch (error) {
    return { problem: problemOf(error), error, ms: took() };
  }
}

function problemOf(error) {
  if (error.code === 'UND_ERR_HEADERS_TIMEOUT' || error.code === 'UND_ERR_BODY_TIMEOUT') return 'hang';
  if (error.code === 'UND_ERR_INVALID_ARG' || error instanceof TypeError) return 'unsendable';
  return 'lost';
}

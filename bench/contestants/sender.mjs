import { createHmac, createSecretKey } from 'node:crypto';
import { Pool } from 'undici';

/** What floor and peers have in common: one signed POST (Standard Webhooks) with undici, 2xx or an error. */
export class Sender {
  #targets;
  #key;

  constructor({ urls, secret, inFlight }) {
    this.#key = createSecretKey(Buffer.from(secret.replace('whsec_', ''), 'base64'));
    // Holds also for those who start more jobs at a time than they may have requests in flight.
    const connections = Math.max(1, Math.floor(inFlight / urls.length));
    this.#targets = urls.map((url) => {
      const { origin, pathname } = new URL(url);
      // Kept alive over the rounds of the others, like the sink does.
      const pool = new Pool(origin, { connections, pipelining: 1, keepAliveTimeout: 60_000 });
      return { pool, pathname };
    });
  }

  async post({ endpoint, id, body }) {
    const { pool, pathname } = this.#targets[endpoint];
    const timestamp = String(Math.floor(Date.now() / 1000));
    const mac = createHmac('sha256', this.#key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    const response = await pool.request({
      method: 'POST',
      path: pathname,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${mac}`,
      },
      body,
    });
    await response.body.dump();
    if (response.statusCode < 200 || response.statusCode > 299)
      throw new Error(`status ${response.statusCode}`);
  }
}

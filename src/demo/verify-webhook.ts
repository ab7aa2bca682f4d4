import type { IncomingHttpHeaders } from 'node:http';
import { WorkOS } from '@workos-inc/node';
import { Webhook } from 'standardwebhooks';
import type { ReceivedWebhook } from './receiver-messages.js';

/** Checks one request as a customer's application would, with both libraries that know how. */
export class WebhookVerifier {
  readonly #secret: string;
  readonly #sdk = new WorkOS('sk_not_used_for_webhooks');
  readonly #standard: Webhook;

  constructor(secret: string) {
    this.#secret = secret;
    this.#standard = new Webhook(secret);
  }

  async verify(headers: IncomingHttpHeaders, body: string): Promise<ReceivedWebhook['refusals']> {
    const [sdk, standard] = await Promise.all([
      refusal(async () =>
        this.#sdk.webhooks.constructEvent({
          payload: body,
          sigHeader: text(headers['workos-signature']),
          secret: this.#secret,
        }),
      ),
      refusal(async () =>
        this.#standard.verify(body, {
          'webhook-id': text(headers['webhook-id']),
          'webhook-timestamp': text(headers['webhook-timestamp']),
          'webhook-signature': text(headers['webhook-signature']),
        }),
      ),
    ]);
    return { ...(sdk === undefined ? {} : { sdk }), ...(standard === undefined ? {} : { standard }) };
  }
}

async function refusal(verify: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await verify();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function text(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}

import { isJsonObject } from '#kernel';
import type { ReceivedEvent } from '#simulator';
import type { ReceivedWebhook } from './receiver-messages.js';

/** A webhook that came, with its event read. */
export interface Delivery {
  readonly event: ReceivedEvent;
  readonly receivedAt: number;
  readonly lagMs: number;
}

/** Everything the receiver has reported. */
export class Inbox {
  /** By event id, the first arrival of each. */
  readonly deliveries = new Map<string, Delivery>();
  readonly lags: number[] = [];
  /** One sentence for every webhook that a verifier refused or that is no event. */
  readonly refused: string[] = [];
  requests = 0;
  duplicates = 0;
  lastArrival = 0;
  /** Called for each event when it comes for the first time. */
  onDelivery: (delivery: Delivery) => void = () => undefined;

  add(webhook: ReceivedWebhook): void {
    this.requests += 1;
    this.lastArrival = webhook.receivedAt;
    const event = readEvent(webhook.body);
    const reasons = Object.entries(webhook.refusals).map(([verifier, reason]) => `${verifier}: ${reason}`);
    if (!event) reasons.push('the body is no event');
    if (reasons.length > 0) this.refused.push(`${event?.id ?? 'a webhook'}: ${reasons.join('; ')}`);
    if (!event || reasons.length > 0) return;
    if (this.deliveries.has(event.id)) {
      this.duplicates += 1;
      return;
    }
    const lagMs = Math.max(0, webhook.receivedAt - Date.parse(event.created_at));
    const delivery = { event, receivedAt: webhook.receivedAt, lagMs };
    this.deliveries.set(event.id, delivery);
    this.lags.push(lagMs);
    this.onDelivery(delivery);
  }

  events(): ReceivedEvent[] {
    return [...this.deliveries.values()].map(({ event }) => event);
  }
}

function readEvent(body: string): ReceivedEvent | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (!isJsonObject(value) || !isJsonObject(value.data)) return undefined;
    const { id, event, created_at: createdAt, sequence } = value;
    const complete =
      typeof id === 'string' &&
      typeof event === 'string' &&
      typeof createdAt === 'string' &&
      typeof sequence === 'number';
    return complete ? (value as unknown as ReceivedEvent) : undefined;
  } catch {
    return undefined;
  }
}

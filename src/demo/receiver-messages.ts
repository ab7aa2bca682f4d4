/** From the receiver to the demo. */
export type ReceiverMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'webhook'; readonly webhook: ReceivedWebhook };

/** From the demo to the receiver, once the endpoint exists. */
export interface SecretMessage {
  readonly kind: 'secret';
  readonly secret: string;
}

/** One request that the receiver got. */
export interface ReceivedWebhook {
  /** Unix milliseconds when its last byte was here. */
  readonly receivedAt: number;
  readonly body: string;
  /** Why each verifier refused the signature; absent when it accepted it. */
  readonly refusals: { readonly sdk?: string; readonly standard?: string };
}

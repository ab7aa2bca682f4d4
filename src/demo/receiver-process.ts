import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ReceivedWebhook, ReceiverMessage, SecretMessage } from './receiver-messages.js';

/** The running receiver, as the demo sees it. */
export interface ReceiverProcess {
  readonly url: string;
  readonly pid: number;
  /** Tells it the signing secret; until then it lets webhooks wait. */
  trust(secret: string): void;
  stop(): void;
}

export interface ReceiverOptions {
  readonly onWebhook: (webhook: ReceivedWebhook) => void;
  /** It ended although nobody had stopped it. */
  readonly onCrash: (error: Error) => void;
}

/** Starts the receiver in a process of its own and waits until it listens. */
export async function startReceiver(options: ReceiverOptions): Promise<ReceiverProcess> {
  const child = fork(fileURLToPath(new URL('./receiver.js', import.meta.url)), { execArgv: [] });
  let stopped = false;
  const listening = Promise.withResolvers<number>();
  child.on('message', (message: ReceiverMessage) => {
    if (message.kind === 'listening') listening.resolve(message.port);
    else options.onWebhook(message.webhook);
  });
  child.on('error', listening.reject);
  child.on('exit', (code, signal) => {
    if (stopped) return;
    const error = new Error(`The webhook receiver ended by itself (${signal ?? `exit code ${code}`}).`);
    listening.reject(error);
    options.onCrash(error);
  });
  const port = await listening.promise;
  return {
    url: `http://127.0.0.1:${port}/webhooks`,
    pid: child.pid ?? 0,
    trust: (secret) => tell(child, { kind: 'secret', secret }),
    stop: () => {
      stopped = true;
      if (child.connected) child.disconnect();
    },
  };
}

function tell(child: ChildProcess, message: SecretMessage): void {
  child.send(message);
}

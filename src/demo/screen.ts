import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const LIVE_ON_TERMINAL_MS = 100;
const LIVE_ELSEWHERE_MS = 2_000;

/** Where the demo writes: lines, and on a terminal one live line below them that is rewritten in place. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #live: boolean;
  #liveText = '';
  #lastLive = 0;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    this.#live = out.isTTY && process.env.TERM !== 'dumb';
  }

  line(text = ''): void {
    this.#out.write(`${this.#erase()}${text}\n${this.#liveText}`);
  }

  /** A step that is done: what, and its detail. */
  done(what: string, detail: string): void {
    this.line(`  ${this.paint('green', '✓')} ${what.padEnd(17)} ${detail}`);
  }

  heading(text: string, remark = ''): void {
    this.line();
    this.line(`${this.paint('bold', text)}${remark === '' ? '' : `  ${this.paint('dim', remark)}`}`);
  }

  /** Shows progress: often in place on a terminal, as a line now and then elsewhere. */
  live(text: string): void {
    const now = Date.now();
    if (now - this.#lastLive < (this.#live ? LIVE_ON_TERMINAL_MS : LIVE_ELSEWHERE_MS)) return;
    this.#lastLive = now;
    if (!this.#live) return this.line(text);
    const cut = text.slice(0, Math.max(20, (this.#out.columns ?? 120) - 1));
    this.#out.write(`${this.#erase()}${cut}`);
    this.#liveText = cut;
  }

  /** Ends the live line with its last text. */
  endLive(text: string): void {
    const erase = this.#erase();
    this.#liveText = '';
    this.#out.write(`${erase}${text}\n`);
  }

  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#out });
  }

  #erase(): string {
    return this.#liveText === '' ? '' : '\r\u001b[2K';
  }
}

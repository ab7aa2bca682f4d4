import { pino, type Logger } from 'pino';

/** Structured log lines: JSON for machines, one readable line for a terminal. Never a secret or a request body. */
export function createLog(options: { readonly level: string; readonly format: 'json' | 'pretty' }): Logger {
  const base = {
    level: options.level,
    base: null,
    timestamp: (): string => `,"time":"${new Date().toISOString()}"`,
  };
  if (options.format === 'json') return pino(base);
  return pino(base, { write: (line: string): void => void process.stdout.write(prettyLine(line)) });
}

const LEVELS: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** `12:00:00.123 info  message  key=value …` of one JSON line. */
function prettyLine(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(rest)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  const clock = String(time).slice(11, 23);
  return `${clock} ${(LEVELS[Number(level)] ?? String(level)).padEnd(5)} ${String(msg)}${details === '' ? '' : `  ${details}`}\n`;
}

import type { DayStep } from '#simulator';
import type { Role } from './cast.js';
import { describeEvent } from './describe-event.js';
import type { Delivery } from './inbox.js';
import type { Screen } from './screen.js';

const SLOW_MS = 250;
const WHO_WIDTH = 58;

/** The column heads of the working day. */
export function columnHeads(): string {
  return `  ${'time'.padEnd(12)}  ${'directory'.padEnd(9)} ${'event'.padEnd(19)} ${'who'.padEnd(WHO_WIDTH)} ${'lag'.padStart(7)}`;
}

/** One webhook: time of arrival, directory, event, who, lag. */
export function deliveryLine(screen: Screen, label: string, delivery: Delivery): string {
  const time = clockTime(delivery.receivedAt);
  const name = delivery.event.event.replace(/^dsync\./, '');
  const who = fit(describeEvent(delivery.event), WHO_WIDTH);
  const lag = `${delivery.lagMs} ms`.padStart(7);
  const slow = delivery.lagMs > SLOW_MS;
  return `  ${screen.paint('dim', time)}  ${label.padEnd(9)} ${screen.paint(colourOf(name), name.padEnd(19))} ${who} ${slow ? screen.paint('yellow', lag) : lag}`;
}

/** What an admin does at the IdP. */
export function stepLine(screen: Screen, { label, style }: Role, step: DayStep): string {
  const remark =
    step.action === 'offboard' && style !== 'entra' ? ' (Okta never deletes, it deactivates)' : '';
  const text = `  ${clockTime(Date.now())}  ${label.padEnd(9)} ${`› ${step.action}`.padEnd(19)} ${step.who}${remark}`;
  return screen.paint('dim', text);
}

function colourOf(name: string): 'green' | 'red' | 'cyan' | 'magenta' {
  if (/created|activated/.test(name)) return 'green';
  if (/deleted/.test(name)) return 'red';
  return /user_/.test(name) ? 'magenta' : 'cyan';
}

function clockTime(ms: number): string {
  const time = new Date(ms);
  const part = (value: number, width = 2): string => String(value).padStart(width, '0');
  return `${part(time.getHours())}:${part(time.getMinutes())}:${part(time.getSeconds())}.${part(time.getMilliseconds(), 3)}`;
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

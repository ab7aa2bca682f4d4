/** A time of the week in which no scheduled run starts. `from` after `to` goes over midnight. */
export interface MaintenanceWindow {
  /** 1 is Monday, 7 is Sunday: the days on which the window begins. */
  readonly days: readonly number[];
  /** `22:00`, 24 hours. */
  readonly from: string;
  readonly to: string;
  /** IANA name, `Europe/Vienna`. */
  readonly timeZone: string;
}

const MINUTES_PER_DAY = 1_440;
const MINUTE_MS = 60_000;

/**
 * When the windows that are open now are over; null when none is. Windows that follow on one another count as one. Days
 * with a clock change may be off by that hour, on the side of waiting too long.
 */
export function endOfWindow(windows: readonly MaintenanceWindow[], now: Date): Date | null {
  let end: Date | null = null;
  // Each round goes beyond one window; more than a week of them is always.
  for (let round = 0; round <= windows.length * 7; round += 1) {
    const at: Date = end ?? now;
    const minutes = Math.max(...windows.map((window) => minutesLeft(window, at)), 0);
    if (minutes === 0) return end;
    end = new Date(Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS + minutes * MINUTE_MS);
  }
  return end;
}

/** Minutes until this window is over; 0 outside of it. */
function minutesLeft(window: MaintenanceWindow, at: Date): number {
  const { day, minute } = localTime(at, window.timeZone);
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  const length = (to - from + MINUTES_PER_DAY) % MINUTES_PER_DAY || MINUTES_PER_DAY;
  const today = window.days.includes(day) ? from + length - minute : 0;
  if (today > 0 && minute >= from) return today;
  // It may have begun yesterday and go on over midnight.
  const yesterday = day === 1 ? 7 : day - 1;
  return window.days.includes(yesterday) ? Math.max(from + length - MINUTES_PER_DAY - minute, 0) : 0;
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function localTime(at: Date, timeZone: string): { readonly day: number; readonly minute: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return {
    day: WEEKDAYS.indexOf(part('weekday')) + 1,
    minute: Number(part('hour')) * 60 + Number(part('minute')),
  };
}

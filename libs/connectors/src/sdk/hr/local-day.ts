const DAY_MS = 86_400_000;

/** The date on which an instant falls in a zone, `YYYY-MM-DD`. */
export function localDay(at: Date, timeZone: string): string {
  return formatterOf(timeZone).format(at);
}

/** The first instant of a day in a zone; where the clock jumps over midnight, the first there is. */
export function startOfDay(day: string, timeZone: string): Date {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // Zones are at most 14 hours ahead and 12 behind; every offset change in use is at a multiple of 15 minutes.
  let [before, after] = [utc - DAY_MS, utc + DAY_MS];
  while (after - before > 60_000) {
    const middle = Math.floor((before + after) / 2);
    if (localDay(new Date(middle), timeZone) < day) before = middle;
    else after = middle;
  }
  return new Date(Math.floor(after / 60_000) * 60_000);
}

const [FIRST_DAY, LAST_DAY] = ['0001-01-01', '9999-12-31'];

/** Not beyond the years of four digits: days are compared as texts. */
export function addDays(day: string, count: number): string {
  const at = Date.parse(`${day}T00:00:00Z`) + count * DAY_MS;
  if (at > Date.parse(LAST_DAY)) return LAST_DAY;
  return at < Date.parse(FIRST_DAY) ? FIRST_DAY : new Date(at).toISOString().slice(0, 10);
}

export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Making one costs more than a thousand uses of it; there are about 600 zones. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

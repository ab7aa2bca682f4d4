/** One ISO week: its name and the first moment of it and of the next, as text that PostgreSQL reads. */
export interface IsoWeek {
  /** `2026w48`. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

const DAY_MS = 86_400_000;

/** The ISO 8601 week (Monday to Sunday, UTC) that lies `ahead` weeks after the one with `now` in it. */
export function isoWeek(now: Date, ahead = 0): IsoWeek {
  const today = Math.floor(now.getTime() / DAY_MS);
  // Day 0 of the epoch was a Thursday.
  const monday = today - ((today + 3) % 7) + ahead * 7;
  // A week belongs to the year that its Thursday is in.
  const thursday = new Date((monday + 3) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((monday + 3 - Date.UTC(year, 0, 1) / DAY_MS) / 7);
  return {
    name: `${year}w${String(week).padStart(2, '0')}`,
    from: new Date(monday * DAY_MS).toISOString(),
    to: new Date((monday + 7) * DAY_MS).toISOString(),
  };
}

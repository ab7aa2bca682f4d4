const DAY_MS = 86_400_000;

/** Days before the expiry of a credential at which it is announced; 0 is the expiry itself. */
export const EXPIRY_STAGES = [0, 1, 7, 14] as const;

/** The latest notice whose time has come; null while the expiry is far away or there is none. */
export function noticeFor(expiresAt: string | null, now: Date): number | null {
  if (expiresAt === null) return null;
  const left = Date.parse(expiresAt) - now.getTime();
  return EXPIRY_STAGES.find((days) => left <= days * DAY_MS) ?? null;
}

/** Whole days until then, rounded down and never below 0; null when it never expires. */
export function daysLeft(expiresAt: string | null, now: Date): number | null {
  if (expiresAt === null) return null;
  return Math.max(0, Math.floor((Date.parse(expiresAt) - now.getTime()) / DAY_MS));
}

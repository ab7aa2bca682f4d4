/**
 * Workday writes dates with the offset of the tenant's zone, `2026-03-02-08:00`, and moments likewise. It is the day that
 * counts: moving it to another zone would make another day of it. Anything else is left as it is.
 */
export function plainDate(text: string): string {
  return /^(\d{4}-\d{2}-\d{2})(?:[T +Z-]|$)/.exec(text.trim())?.[1] ?? text;
}

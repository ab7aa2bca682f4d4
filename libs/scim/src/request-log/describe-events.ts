import type { ChangeEvent } from '#model';

/** `event 1042`, `2 events (1042–1043)`, `no event`. The numbers are the positions in the directory's log. */
export function describeEvents(events: readonly ChangeEvent[]): string {
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) return 'no event';
  if (events.length === 1) return `event ${first.sequence}`;
  const isRun = last.sequence - first.sequence === events.length - 1;
  return `${events.length} events (${isRun ? `${first.sequence}–${last.sequence}` : `from ${first.sequence}`})`;
}

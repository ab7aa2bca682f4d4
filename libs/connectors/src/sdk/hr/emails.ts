import type { Email } from '#model';

/** Work first, and only that one is the main one. */
export function emailsOf(work: string | null, personal: string | null): Email[] {
  return [
    ...(work === null ? [] : [{ primary: true, type: 'work', value: work }]),
    ...(personal === null || personal === work
      ? []
      : [{ primary: false, type: 'personal', value: personal }]),
  ];
}

/** A point in time to compare with: whole milliseconds, and whether the text meant exactly that millisecond. */
export interface Instant {
  readonly millis: number;
  readonly exact: boolean;
}

/** A blank before the offset is the `+` of a query that was not percent-encoded. */
const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(?:(Z)|([+\- ])(\d\d):?(\d\d))?)?$/i;

const MINUTE = 60_000;

/** Reads `xsd:dateTime` (RFC 7643 2.3.5) with any number of fraction digits; without offset it is UTC. */
export function parseInstant(text: string): Instant | undefined {
  const parts = DATE_TIME.exec(text.trim());
  if (!parts) return undefined;
  const [, date, time = '00:00', seconds = '00', fraction = '', , sign, hours = '0', minutes = '0'] = parts;
  const local = Date.parse(`${date}T${time}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  if (Number.isNaN(local)) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE;
  return {
    millis: sign === '-' ? local + offset : local - offset,
    exact: /^0*$/.test(fraction.slice(3)),
  };
}

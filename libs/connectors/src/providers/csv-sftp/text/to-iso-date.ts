import type { FileSettings } from '../config.js';

const ORDER: Readonly<
  Record<FileSettings['dateFormat'], readonly [day: number, month: number, year: number]>
> = {
  'YYYY-MM-DD': [3, 2, 1],
  'DD.MM.YYYY': [1, 2, 3],
  'DD/MM/YYYY': [1, 2, 3],
  'MM/DD/YYYY': [2, 1, 3],
};
const SEPARATOR: Readonly<Record<FileSettings['dateFormat'], string>> = {
  'YYYY-MM-DD': '-',
  'DD.MM.YYYY': '\\.',
  'DD/MM/YYYY': '/',
  'MM/DD/YYYY': '/',
};

/** A date of the given form as `YYYY-MM-DD`; any other text as it is, for the reader of dates to refuse. */
export function toIsoDate(text: string, format: FileSettings['dateFormat']): string {
  if (format === 'YYYY-MM-DD') return text;
  const match = new RegExp(`^(\\d{1,2})${SEPARATOR[format]}(\\d{1,2})${SEPARATOR[format]}(\\d{4})$`).exec(
    text,
  );
  if (match === null) return text;
  const [day, month, year] = ORDER[format].map((part) => (match[part] ?? '').padStart(2, '0'));
  return `${year}-${month}-${day}`;
}

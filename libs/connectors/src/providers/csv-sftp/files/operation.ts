import type { Row } from '../text/read-rows.js';

/** What a row says is to be done; undefined for a word that nobody knows. Without a word the row is how it is now. */
export type Operation = 'put' | 'remove' | undefined;

const WORDS: Readonly<Record<'put' | 'remove', readonly string[]>> = {
  put: 'add added create created insert new hire hired update updated change changed modify upsert rehire a c i u m'.split(
    ' ',
  ),
  remove:
    'delete deleted remove removed terminate terminated deactivate disable disabled deactivated drop leaver left d t'.split(
      ' ',
    ),
};

export function operationOf({ cells }: Row): Operation {
  const word = (cells['operation'] ?? '').toLowerCase().replaceAll(/[^a-z]/g, '');
  if ((cells['operation'] ?? '') === '' || WORDS.put.includes(word)) return 'put';
  return WORDS.remove.includes(word) ? 'remove' : undefined;
}

export function isRemoval(row: Row): boolean {
  return operationOf(row) === 'remove';
}

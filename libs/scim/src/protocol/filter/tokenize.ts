import type { ScimError } from '../errors.js';
import type { Literal } from './ast.js';

/** Blank, tab, line feed, carriage return. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const WORD = /[^ \t\r\n()[\]"'“”‘’]*/y;
const UNQUOTED_END = /[)\]]|[ \t\r\n](?:and|or)(?=[ \t\r\n(])/gi;
/** Typographic quotes are none, and a keyword means that the value was forgotten. */
const NO_VALUE = /^(?:[“”‘’„«»]|(?:and|or)[ \t\r\n(])/i;

/**
 * Cuts a filter (RFC 7644 3.4.2.2) into its pieces on request. What a piece is depends on its place: behind an
 * operator `Smith and Sons` starts a value, elsewhere it is three words. So the parser asks for what it expects.
 */
export class Tokenizer {
  readonly #text: string;
  readonly #refuse: (problem: string) => ScimError;
  #position = 0;

  constructor(text: string, refuse: (problem: string) => ScimError) {
    this.#text = text;
    this.#refuse = refuse;
  }

  /** Takes this symbol, with blanks before it, if it is next. */
  take(symbol: '(' | ')' | '[' | ']'): boolean {
    const start = this.#afterBlanks();
    if (this.#text[start] !== symbol) return false;
    this.#position = start + 1;
    return true;
  }

  /** Takes `.sub` if it follows immediately, and returns it without the dot. */
  takeSubAttribute(): string | undefined {
    if (this.#text[this.#position] !== '.') return undefined;
    this.#position += 1;
    return this.word();
  }

  /** Takes the next word: a name or an operator. Empty when there is none. */
  word(): string {
    this.#position = this.#afterBlanks();
    const word = match(WORD, this.#text, this.#position);
    this.#position += word.length;
    return word;
  }

  /** Takes this keyword, whatever its letter case, if it is the next word. */
  takeWord(keyword: string): boolean {
    const before = this.#position;
    if (this.word().toLowerCase() === keyword) return true;
    this.#position = before;
    return false;
  }

  /** Takes `not` only in front of a parenthesis: elsewhere it is an attribute called "not". */
  takeNot(): boolean {
    const before = this.#position;
    if (this.takeWord('not') && this.take('(')) return true;
    this.#position = before;
    return false;
  }

  atEnd(): boolean {
    return this.#afterBlanks() === this.#text.length;
  }

  /** Takes the value behind an operator: JSON string, single-quoted, or unquoted up to ` and `, ` or `, `)`, `]`. */
  literal(): Literal {
    this.#position = this.#afterBlanks();
    const quote = this.#text[this.#position];
    const literal = quote === '"' || quote === "'" ? this.#quoted(quote) : this.#unquoted();
    // Such text is never stored and PostgreSQL refuses it as a parameter.
    if (literal.text.includes('\u0000') || !literal.text.isWellFormed())
      throw this.error('a value without U+0000 and without half surrogate pairs');
    return literal;
  }

  /** How far the text has been taken. */
  get position(): number {
    return this.#position;
  }

  /** An error at a position, the current one when none is given. */
  error(expected: string, at = this.#position): ScimError {
    const start = this.#afterBlanks(at);
    const found = this.#text.slice(start, start + 20);
    const what = found === '' ? 'the end' : `"${found}"`;
    return this.#refuse(`expected ${expected} at position ${start + 1}, found ${what}`);
  }

  /** An error that is not about one position. */
  refuse(problem: string): ScimError {
    return this.#refuse(problem);
  }

  #quoted(quote: '"' | "'"): Literal {
    const start = this.#position;
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== quote) end += this.#text[end] === '\\' ? 2 : 1;
    if (end >= this.#text.length) throw this.error(`a value that is closed with ${quote}`);
    const inner = this.#text.slice(start + 1, end);
    const text = quote === '"' ? jsonText(inner) : inner.replaceAll(/\\(['\\])/g, '$1');
    if (text === undefined) throw this.error('a JSON string');
    this.#position = end + 1;
    return { kind: 'string', text };
  }

  #unquoted(): Literal {
    const rest = this.#text.slice(this.#position);
    UNQUOTED_END.lastIndex = 0;
    const end = UNQUOTED_END.exec(rest)?.index ?? rest.length;
    const text = rest.slice(0, end).trim();
    if (text === '' || text.includes('"') || NO_VALUE.test(text))
      throw this.error('a value in double quotes, a number, true, false or null');
    this.#position += end;
    return { kind: 'word', text };
  }

  #afterBlanks(start = this.#position): number {
    let at = start;
    while (BLANKS.has(this.#text.charCodeAt(at))) at += 1;
    return at;
  }
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function jsonText(inner: string): string | undefined {
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return undefined;
  }
}

import ipaddr from 'ipaddr.js';

import { SecretBox } from '#kernel';

/** Thrown by the functions below: a sentence that says what to do, without the value where that is a secret. */
export class VariableProblem extends Error {}

/** A whole number between two bounds. */
export function integer(text: string, min: number, max: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new VariableProblem(`"${text}" is not a whole number from ${min} to ${max}`);
}

/** One of a closed list of words. */
export function oneOf<T extends string>(text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new VariableProblem(`"${text}" is not one of ${words.join(', ')}`);
}

/** A PostgreSQL connection string, unchanged. */
export function databaseUrl(text: string): string {
  if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text;
  throw new VariableProblem('is not a connection string like postgres://user:password@host:5432/database');
}

/** An http(s) address without query and fragment; comes back without a slash at its end. */
export function publicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
  throw new VariableProblem(`"${text}" is not an address like https://rollcall.example.com`);
}

/** `sftp.example.com:22`. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const { host = '', port = '' } =
    /^(?<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  if (Number(port) >= 1 && Number(port) <= 65_535)
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  throw new VariableProblem(`"${text}" is not a host and a port like sftp.example.com:22`);
}

/** `id:base64-32-bytes[,older…]`, unchanged. */
export function secretKeys(text: string): string {
  try {
    return (new SecretBox(text), text);
  } catch {
    throw new VariableProblem(
      'is not a list like id:base64-of-32-bytes[,older-id:base64-of-32-bytes]; "openssl rand -base64 32" makes such bytes',
    );
  }
}

/** A key that nobody guesses. */
export function apiKey(text: string): string {
  if (/^[\x21-\x7e]{24,}$/.test(text)) return text;
  throw new VariableProblem('must have at least 24 characters, all of them printable ASCII and no blanks');
}

/** `origin=origin`, comma-separated: where requests for the first one are sent instead. */
export function originMap(text: string): ReadonlyMap<string, string> {
  const parts = text.split(',').map((part) => part.trim());
  return new Map(parts.filter((part) => part !== '').map(originPair));
}

function originPair(text: string): [string, string] {
  const [from, to, more] = text.split('=').map((part) => originIn(part.trim()));
  if (from !== undefined && to !== undefined && more === undefined) return [from, to];
  throw new VariableProblem(
    `"${text}" is not a pair like https://graph.microsoft.com=https://gateway.example.com`,
  );
}

/** Undefined when there is more than scheme, host and port, or less. */
function originIn(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  return isOrigin ? url.origin : undefined;
}

/** Comma-separated networks; a plain address is a network of one. */
export function networks(text: string): readonly string[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '').map(network);
}

function network(text: string): string {
  if (ipaddr.isValidCIDR(text)) return text;
  if (ipaddr.isValid(text)) return `${text}/${ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128}`;
  throw new VariableProblem(`"${text}" is not a network like 10.0.0.0/8 or fd00::/8`);
}

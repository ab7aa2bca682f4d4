import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger, type CallHandler, type ExecutionContext } from '@nestjs/common';
import { defer, lastValueFrom } from 'rxjs';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import type { Claim, IdempotencyStore, KeyUse } from './idempotency-store.js';

/** Remembers like the real one, without a database and without time. */
class FakeStore {
  readonly kept: string[] = [];
  readonly released: string[] = [];
  readonly claims: Claim[];

  constructor(...claims: Claim[]) {
    this.claims = claims;
  }

  claim = async (): Promise<Claim> => this.claims.shift() as Claim;
  complete = async (_: KeyUse, __: string, answer: { body: string }): Promise<void> => {
    this.kept.push(answer.body);
  };
  release = async (_: KeyUse, since: string): Promise<void> => {
    this.released.push(since);
  };
}

function contextWith(key: string | undefined): ExecutionContext {
  const caller = { environmentId: 'environment_1', apiKeyId: 'api_key_1', scopes: [] };
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const request = { method: 'POST', url: '/organizations?x=1', headers, caller, body: Buffer.from('{}') };
  const http = { getRequest: () => request, getResponse: () => ({ statusCode: 201 }) };
  return { switchToHttp: () => http } as unknown as ExecutionContext;
}

async function run(
  store: FakeStore,
  options: { key?: string | undefined; work?: () => Promise<unknown> } = {},
): Promise<unknown> {
  const interceptor = new IdempotencyInterceptor(store as unknown as IdempotencyStore);
  const next: CallHandler = { handle: () => defer(options.work ?? (async () => ({ id: 'org_1' }))) };
  const key = 'key' in options ? options.key : 'k1';
  return lastValueFrom(await interceptor.intercept(contextWith(key), next));
}

describe('IdempotencyInterceptor', () => {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['error']));

  it('keeps the first answer', async () => {
    const store = new FakeStore({ kind: 'claimed', since: 't' });
    expect(await run(store)).toEqual({ id: 'org_1' });
    expect(store.kept).toEqual(['{"id":"org_1"}']);
  });

  it('gives a repeated request that answer, without doing the work', async () => {
    const store = new FakeStore({ kind: 'done', body: '{"id":"org_1"}' });
    const work = (): Promise<unknown> => Promise.reject(new Error('done twice'));
    expect(await run(store, { work })).toEqual({ id: 'org_1' });
  });

  it('refuses the key for another body', async () => {
    await expect(run(new FakeStore({ kind: 'different' }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      message: expect.stringContaining('"k1"'),
    });
  });

  it('waits for a request that is under way', async () => {
    const store = new FakeStore({ kind: 'busy' }, { kind: 'busy' }, { kind: 'done', body: '1' });
    expect(await run(store)).toBe(1);
  });

  it('gives the key back when the work fails', async () => {
    const store = new FakeStore({ kind: 'claimed', since: 't' });
    const work = (): Promise<unknown> => Promise.reject(new Error('no'));
    await expect(run(store, { work })).rejects.toThrow('no');
    expect([store.released, store.kept]).toEqual([['t'], []]);
  });

  it('still answers when the answer cannot be kept, because the work is done', async () => {
    const store = new FakeStore({ kind: 'claimed', since: 't' });
    store.complete = () => Promise.reject(new Error('database gone'));
    expect(await run(store)).toEqual({ id: 'org_1' });
  });

  it('does nothing without a key, and refuses an endless one', async () => {
    expect(await run(new FakeStore(), { key: undefined })).toEqual({ id: 'org_1' });
    await expect(run(new FakeStore(), { key: 'k'.repeat(256) })).rejects.toThrow('255');
  });
});

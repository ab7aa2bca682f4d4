import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { RetryableError } from '#kernel';
import { ControlLog } from './control-log.js';

function failingWith(error: Error): ControlLog {
  const dataSource: Pick<DataSource, 'transaction'> = {
    transaction: async () => {
      throw error;
    },
  };
  return new ControlLog(dataSource as DataSource, {});
}

const write = (log: ControlLog): Promise<unknown> =>
  log.write({ environmentId: 'environment_1' }, async () => ({
    result: 1,
    events: [],
    organizationId: null,
  }));

describe('a change of the control plane', () => {
  it('says that the database is away when it is, so that a run goes on later instead of failing', async () => {
    const restart = Object.assign(new Error('terminating connection'), { code: '57P01' });
    await expect(write(failingWith(restart))).rejects.toBeInstanceOf(RetryableError);
  });

  it('leaves every other failure as it is', async () => {
    const taken = Object.assign(new Error('duplicate key'), { code: '23505' });
    await expect(write(failingWith(taken))).rejects.toBe(taken);
  });
});

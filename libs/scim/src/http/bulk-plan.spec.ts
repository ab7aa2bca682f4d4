import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BulkPlan, type PlannedOperation } from './bulk-plan.js';

type Planned = Partial<PlannedOperation>;

/** Plays a plan to its end, every step a success. */
function play(operations: readonly Planned[]): string[] {
  const plan = new BulkPlan(
    operations.map((operation) => ({ needs: [], follows: [], canWait: true, ...operation })),
  );
  const steps: string[] = [];
  for (let step = plan.next(); step !== undefined; step = plan.next()) {
    steps.push(`${step.kind} ${step.index}`);
    if (step.kind === 'create_first') plan.created(step.index);
    else plan.over(step.index);
  }
  return steps;
}

describe('BulkPlan', () => {
  it('keeps the order of the request where nothing is needed', () => {
    expect(play([{}, {}, {}])).toEqual(['run 0', 'run 1', 'run 2']);
  });

  it('lets an operation wait for what it needs, and who follows it as well', () => {
    expect(play([{ needs: [2] }, { follows: [0] }, {}])).toEqual(['run 2', 'run 0', 'run 1']);
  });

  it('creates one of a cycle first and completes it before anything else happens to it', () => {
    expect(play([{ needs: [1] }, { needs: [0] }, { follows: [0] }])).toEqual([
      'create_first 0',
      'run 1',
      'complete 0',
      'run 2',
    ]);
    expect(play([{ needs: [0] }])).toEqual(['create_first 0', 'complete 0']);
  });

  it('breaks a cycle where it can be broken, or gives one up', () => {
    expect(play([{ needs: [1], canWait: false }, { needs: [0] }])).toEqual([
      'create_first 1',
      'run 0',
      'complete 1',
    ]);
    const stubborn = { needs: [1], canWait: false };
    expect(play([stubborn, { needs: [0], canWait: false }])).toEqual(['give_up 0', 'run 1']);
  });

  it('leaves alone who only waits for a cycle', () => {
    expect(play([{ needs: [1] }, { needs: [2] }, { needs: [1] }])).toEqual([
      'create_first 1',
      'run 0',
      'run 2',
      'complete 1',
    ]);
  });

  it('ends each of any operations exactly once', () => {
    const size = 12;
    const needs = fc.uniqueArray(fc.nat(size - 1), { maxLength: 4 });
    const operation = fc.record({ needs, canWait: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { minLength: size, maxLength: size }), (operations) => {
        const ended = play(operations).filter((step) => !step.startsWith('create_first'));
        expect(ended.map((step) => Number(step.split(' ')[1])).sort((a, b) => a - b)).toEqual(
          operations.map((_each, index) => index),
        );
      }),
    );
  });

  it('stays quick when everything refers to everything', () => {
    const all = Array.from({ length: 1_000 }, (_each, index) => index);
    expect(play(all.map(() => ({ needs: all })))).toHaveLength(2_000);
  });
});

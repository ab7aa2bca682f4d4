import { describe, expect, it } from '@jest/globals';
import { RunControl } from './interrupted.js';

const HELD = { isCancelled: false, isPaused: false };

describe('a run under a lease that', () => {
  it('holds goes on', () => {
    const control = new RunControl();
    control.obey(HELD);
    control.check();
    expect(control.signal.aborted).toBe(false);
  });

  it.each([
    ['is lost', undefined, 'lost'],
    ['is of a run that was cancelled', { isCancelled: true, isPaused: true }, 'cancelled'],
  ] as const)('%s stops at once', (_, lease, reason) => {
    const control = new RunControl();
    control.obey(lease);
    expect(control.signal.reason).toMatchObject({ reason });
  });

  it('is of a paused directory stops at its next page, and after another word in the middle of one', () => {
    const control = new RunControl();
    const paused = { ...HELD, isPaused: true };
    control.obey(paused);
    expect(control.signal.aborted).toBe(false);
    expect(() => control.check()).toThrow('draining');
    control.obey(paused);
    expect(control.signal.reason).toMatchObject({ reason: 'draining' });
  });
});

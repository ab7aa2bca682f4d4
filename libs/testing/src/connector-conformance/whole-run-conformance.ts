import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { askFake, expectWhole, openWorld, type Subject, type World } from './conformance-world.js';

/** What an API can that has neither changes nor an answer for somebody who is not there. */
export function conformsInWhole(subject: Subject): void {
  let w: World;
  beforeEach(async () => void (w = await openWorld(subject)));
  afterEach(() => w.server.close());

  it('reads everybody in an incremental run, too, and proves the same', async () => {
    const full = await w.read();
    w.time.advance(3_600_000);
    w.tenant.remove('user', 4);
    w.tenant.change(3, { title: 'Director' });
    w.tenant.addUser();
    const incremental = await w.read({ mode: 'incremental', cursors: full.cursors });
    expect(incremental).toMatchObject({ complete: true, error: null, covered: full.covered, removed: [] });
    expect(full.covered).toContain('users');
    expectWhole(w, incremental);
  });

  it('asks for nobody singly', async () => {
    await askFake(w, async (source) => {
      expect(Object.keys(source)).not.toEqual(expect.arrayContaining(['lookUp']));
      expect(Object.keys(source)).not.toEqual(expect.arrayContaining(['lookUpMembers']));
    });
  });
}

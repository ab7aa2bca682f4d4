import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SourceError, type SourceCheck } from '#connectors';
import { fakePorts } from '../fake-source/fake-ports.js';
import type { Reading } from '../read-source.js';
import { expectNoSecret, openWorld, type Subject, type World } from './conformance-world.js';

/** What a connection test tells apart. */
export function conformsInCheck(subject: Subject): void {
  const { connector, fake } = subject;
  let w: World;
  beforeEach(async () => void (w = await openWorld(subject)));
  afterEach(() => w.server.close());

  const check = async (options: Partial<Reading> = {}): Promise<SourceCheck | SourceError> => {
    const hosts = options.hosts ?? fake.hosts?.(w.server.url);
    const { ports, end } = fakePorts({ time: w.time, secrets: w.secrets, hosts });
    try {
      const config = connector.readConfig(options.answers ?? fake.answers(w.server.url));
      return await connector.connect(config, ports).check();
    } catch (error) {
      expect(error).toBeInstanceOf(SourceError);
      return error as SourceError;
    } finally {
      end();
    }
  };

  it('shows samples of what will be read', async () => {
    const result = (await check()) as SourceCheck;
    expect(result.samples).toContainEqual(expect.objectContaining({ kind: 'user' }));
    expect(result.warnings).toEqual(fake.warnings ?? []);
  });

  it('says that the credentials are wrong', async () => {
    const error = await check({ answers: fake.wrongAnswers(w.server.url) });
    expect(error).toMatchObject({ code: 'invalid_credentials' });
    expectNoSecret(fake, error);
  });

  it('says that a permission is missing', async () => {
    const fault = w.server.fail({
      call: fake.calls.users,
      times: Infinity,
      fault: { kind: 'status', status: 403 },
    });
    expect(await check()).toMatchObject({ code: 'insufficient_permissions' });
    expect(fault.fired()).toBeGreaterThan(0);
  });

  it('says that there is no such host', async () => {
    const nowhere = 'http://nowhere.test';
    expect(await check({ answers: fake.answers(nowhere), hosts: fake.hosts?.(nowhere) ?? {} })).toMatchObject(
      {
        code: 'wrong_host',
      },
    );
  });
}

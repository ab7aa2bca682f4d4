import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WrittenFile } from './written-file.js';

describe('WrittenFile', () => {
  let file: WrittenFile;
  beforeEach(async () => void (file = await WrittenFile.open('users.csv')));
  afterEach(() => file.discard());

  it('waits for what is being written', async () => {
    const data = randomBytes(48 * 1_048_576);
    const writing = file.write(0, data);
    const spooled = await file.finish();
    expect(spooled).toMatchObject({
      bytes: data.length,
      sha256: createHash('sha256').update(data).digest('hex'),
    });
    await writing;
  });

  it('is no file when a part of it was refused', async () => {
    await file.write(0, Buffer.from('id\n'));
    await expect(file.write(300_000_000, Buffer.from('x'))).rejects.toMatchObject({ reason: 'too_large' });
    await expect(file.finish()).rejects.toMatchObject({ reason: 'too_large' });
  });

  it('is cut where the client says, and has no gap then', async () => {
    await file.write(0, Buffer.from('0123456789'));
    await file.write(20, Buffer.from('far away'));
    await file.truncate(4);
    expect(await file.finish()).toMatchObject({ bytes: 4 });
  });

  it('takes overlapping parts', async () => {
    await file.write(5, Buffer.from('56789'));
    await file.write(3, Buffer.from('3456'));
    await expect(file.finish()).rejects.toMatchObject({ reason: 'incomplete' });
    await file.write(0, Buffer.from('0123'));
    expect(await file.finish()).toMatchObject({ bytes: 10 });
  });
});

import { describe, expect, it } from '@jest/globals';
import { SecretBox } from './sealing.js';

const box = new SecretBox(`k1:${Buffer.alloc(32, 1).toString('base64')}`);
const CONTEXT = ['environment_1', 'directory_1', 'api_token'];

describe('a sealed value', () => {
  it('opens where it belongs, and nowhere else', () => {
    const sealed = box.seal('sesame', CONTEXT);
    expect(box.open(sealed, CONTEXT)).toBe('sesame');
    expect(() => box.open(sealed, ['environment_2', 'directory_1', 'api_token'])).toThrow(/./);
  });

  it('has a whole tag: a few bytes of one are guessed easily', () => {
    const [id, body = ''] = box.seal('', CONTEXT).split('.');
    const cut = Buffer.from(body, 'base64').subarray(0, 12 + 4);
    expect(() => box.open(`${id}.${cut.toString('base64')}`, CONTEXT)).toThrow(/./);
  });

  it('names the key that it needs', () => {
    expect(() => box.open('k2.AAAA', CONTEXT)).toThrow('"k2" is not among ROLLCALL_SECRET_KEYS');
  });
});

import { describe, expect, it } from '@jest/globals';
import { refuseUnread } from './refuse-unread.js';

describe('refuseUnread', () => {
  it('answers in the words of the version in the address', () => {
    const modern = refuseUnread('/scim/v2.0/key/Users/%zz', 400);
    expect(modern).toMatchObject({ status: 400, headers: { 'content-type': 'application/scim+json' } });
    expect(JSON.parse(modern?.body ?? '')).toMatchObject({ status: '400' });
    const legacy = refuseUnread('//SCIM/v1.1/key/Groups?x', 413);
    expect(JSON.parse(legacy?.body ?? '')).toMatchObject({ Errors: [{ code: '413' }] });
  });

  it.each(['/', '', '/organizations', '/scimmy/x', '/x?y=/scim/'])('leaves %j to others', (url) => {
    expect(refuseUnread(url, 400)).toBeUndefined();
  });
});

// The vendors' fakes alone, without anything of Jest: the demo plays them.
export { FakeTenant } from './fake-tenant.js';
export { fakeOkta } from './okta.js';

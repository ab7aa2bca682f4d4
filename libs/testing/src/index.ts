export {
  createEmptyDatabase,
  createTestDatabase,
  type EmptyDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
} from './database.js';
export { dialectConformance, type DialectFixture } from './dialect-conformance.js';
export { connectorConformance } from './connector-conformance/connector-conformance.js';
export type { ConformanceFake } from './connector-conformance/conformance-world.js';
export { askMembers, checkSource } from './check-source.js';
export { believe, type Belief } from './belief.js';
export { fakeTime, type FakeTime } from './fake-time.js';
export { LOOPBACK_CERTIFICATE } from './fake-source/loopback-certificate.js';
export { IN_MEMORY_TOKEN, InMemoryDirectory } from './in-memory-directory.js';
export { aSourceUser, ScriptedSource, type Fault, type Script } from './scripted-source.js';
export { InMemoryDoor } from './in-memory-door.js';
export {
  readSource,
  type Checkpoint,
  type Reading,
  type ReadRecords,
  type ReadResult,
} from './read-source.js';
export { startFakeServer, STALE_TOKEN, type FakeServer } from './fake-source/fake-server.js';
export { lieAt, withBody, type Lie, type ToldAnswer } from './fake-source/liar.js';
export { lieTo, type LiedTo } from './lied-to.js';
export { FakeTenant, type FakeTenantSize } from './fake-source/fake-tenant.js';
export { FAKE_CSV, fakeCsvSftp, startFakeCsv, type FakeCsvOptions } from './fake-source/csv-sftp.js';
export type { ConsentPage, Decision } from './fake-source/consent-page.js';
export { fakeEntraId, fakeEntraIdCertificate } from './fake-source/entra-id.js';
export {
  fakeGoogleRefreshToken,
  fakeGoogleWorkspace,
  startFakeGoogle,
} from './fake-source/google-workspace.js';
export {
  FAKE_LDAP,
  fakeLdap,
  startFakeLdap,
  type FakeLdapOptions,
  type FakeLdapServer,
} from './fake-source/ldap.js';
export { uniqueId as fakeUniqueId } from './fake-source/ldap-entries.js';
export { itemsOf } from './fake-source/fake-tenant.js';
export { describeWithPeer } from './peers/describe-with-peer.js';
export {
  DIRECTORY_SERVER_389,
  startDirectoryServer389,
  type DirectoryServer389,
} from './peers/directory-server-389.js';
export { GNUPG } from './peers/gnupg.js';
export { PROFTPD, startProftpd } from './peers/proftpd.js';
export { OPENSSH, startOpenSsh, type OpenSsh } from './peers/openssh.js';
export { SAMBA, startSamba, type Samba, type SambaAccount } from './peers/samba.js';
export { SFTP_CLIENT, SftpClient, type SftpOutcome, type SftpUser } from './peers/sftp-client.js';
export { newSshKey, type SshKey } from './fake-source/sftp-server.js';
export { SLAPD, startSlapd, type Slapd } from './peers/slapd.js';
export { fakeOkta, fakeOktaApiToken } from './fake-source/okta.js';
export { fakePersonio, startFakePersonio, type FakePersonioOptions } from './fake-source/personio.js';
export {
  fakePersonioV2,
  startFakePersonioV2,
  type FakePersonioV2Options,
} from './fake-source/personio-v2.js';
export {
  fakePorts,
  inMemorySecrets,
  type FakePorts,
  type FakePortsOptions,
} from './fake-source/fake-ports.js';
export { fakeBamboohr, startFakeBamboohr } from './fake-source/bamboohr.js';
export { fakeKeycloak, startFakeKeycloak, type FakeKeycloakOptions } from './fake-source/keycloak.js';
export { fakeOneLogin, startFakeOneLogin, type FakeOneLoginOptions } from './fake-source/onelogin.js';
export { fakeHibob, startFakeHibob } from './fake-source/hibob.js';
export {
  fakeJumpcloud,
  fakeJumpcloudServiceAccount,
  startFakeJumpcloud,
  type FakeJumpcloudOptions,
} from './fake-source/jumpcloud.js';
export {
  fakeRippling,
  fakeRipplingOAuth,
  fakeRipplingPlatform,
  startFakeRippling,
  type FakeRipplingOptions,
} from './fake-source/rippling.js';
export {
  FAKE_GROUPS_REPORT,
  fakeWorkdayReport,
  fakeWorkdayReportOauth,
  startFakeWorkdayReport,
  type FakeReportOptions,
} from './fake-source/workday-report.js';
export {
  fakeWorkdaySoap,
  fakeWorkdaySoapOauth,
  startFakeWorkdaySoap,
  type FakeSoapOptions,
} from './fake-source/workday-soap.js';
export { workerId, type FakeWorker } from './fake-source/workday-worker.js';
export { fakeGusto, startFakeGusto, type FakeGusto, type FakeGustoOptions } from './fake-source/gusto.js';

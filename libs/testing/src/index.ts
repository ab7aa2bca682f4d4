export {
  createEmptyDatabase,
  createTestDatabase,
  type EmptyDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
} from './database.js';
export { dialectConformance, type DialectFixture } from './dialect-conformance.js';
export { fakeTime, type FakeTime } from './fake-time.js';
export { LOOPBACK_CERTIFICATE } from './fake-source/loopback-certificate.js';
export { IN_MEMORY_TOKEN, InMemoryDirectory } from './in-memory-directory.js';
export { aSourceUser, ScriptedSource, type Fault, type Script } from './scripted-source.js';
export { InMemoryDoor } from './in-memory-door.js';

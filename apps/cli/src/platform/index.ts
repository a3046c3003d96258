export type { Credentials } from './credentials.ts';
export { readCredentials } from './credentials.ts';
export { dataDirAt, defaultDataDir, findRepositoryRoot } from './data-dir.ts';
export { readLockHolder } from './platform-lock.ts';
export type { Platform } from './start-platform.ts';
export { startPlatform } from './start-platform.ts';

export type { Credentials } from './credentials.ts';
export { readCredentials } from './credentials.ts';
export type { DataDir } from './data-dir.ts';
export { dataDirAt, defaultDataDir, findRepositoryRoot } from './data-dir.ts';
export { readLockHolder } from './platform-lock.ts';
export type { Platform, PlatformOptions } from './start-platform.ts';
export { startPlatform } from './start-platform.ts';

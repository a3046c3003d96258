export type { ArtifactStore } from './artifact-store.ts';
export { createDirectoryStore } from './directory-store.ts';
export { DISK_FAILED, toDiskError } from './disk-error.ts';

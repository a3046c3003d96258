export type { ArtifactStore } from './artifact-store.ts';
export type { DirectoryStore } from './directory-store.ts';
export { createDirectoryStore } from './directory-store.ts';

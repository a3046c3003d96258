export type { ArtifactStore } from './artifact-store.ts';
export { createDirectoryStore } from './directory-store.ts';

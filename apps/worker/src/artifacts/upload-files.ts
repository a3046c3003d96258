import type { ArtifactRef } from '@capstan/core';
import type { WorkerConnection } from '@capstan/proto';

/** Stores every file under its content, and names each as an artifact. */
export async function uploadFiles(
  files: Record<string, Uint8Array>,
  { writeArtifact }: Pick<WorkerConnection, 'writeArtifact'>,
): Promise<ArtifactRef[]> {
  const artifacts: ArtifactRef[] = [];
  for (const [path, content] of Object.entries(files)) artifacts.push({ path, ...(await writeArtifact(content)) });
  return artifacts;
}

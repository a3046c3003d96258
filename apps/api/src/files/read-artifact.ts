import type { ArtifactStore } from '@capstan/artifacts';

/** A small artifact's whole content. */
export async function readArtifact(store: ArtifactStore, sha256: string, { signal }: { signal: AbortSignal }): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(sha256, { signal })) chunks.push(chunk);
  // A copy of its own, so that views with a wider element type find it aligned.
  return new Uint8Array(Buffer.concat(chunks));
}

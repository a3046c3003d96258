import { type ArtifactRef, DatasetError, type DatasetRow, isArtifactLost } from '@capstan/core';
import { datasetRows } from '@capstan/datasets';
import type { ArtifactCache } from '../artifacts/artifact-cache.ts';

/** Every row of a dataset file. The upload has checked it already, so a bad line here is a DatasetError that names it. */
export async function readRows(file: ArtifactRef, cache: ArtifactCache, options: { signal: AbortSignal }): Promise<DatasetRow[]> {
  const bytes = await fetchDataset(file, cache, options);
  const rows: DatasetRow[] = [];
  for await (const row of datasetRows(onePiece(bytes), options)) rows.push(row);
  if (rows.length === 0) throw new DatasetError(`${file.path} has no rows.`);
  return rows;
}

async function fetchDataset(file: ArtifactRef, cache: ArtifactCache, options: { signal: AbortSignal }): Promise<Uint8Array> {
  try {
    return await cache.fetch(file, options);
  } catch (cause) {
    if (!isArtifactLost(cause)) throw cause;
    throw new DatasetError(`${file.path} cannot be read from the artifact store: ${cause.message}`, { cause, reason: 'DatasetMissing' });
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

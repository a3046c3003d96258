import type { Clock } from '@capstan/core';
import type { WorkerConnection } from '@capstan/proto';
import type { BackendName } from '@capstan/trainer';
import type { ArtifactCache } from '../artifacts/artifact-cache.ts';
import type { Reporter } from './reporter.ts';
import type { StopControl } from './stop-control.ts';

/** What a training run needs of the world. */
export interface TrainingContext {
  connection: Pick<WorkerConnection, 'assignment' | 'readArtifact' | 'writeArtifact' | 'joinGang'>;
  cache: ArtifactCache;
  reporter: Reporter;
  control: StopControl;
  clock: Clock;
  /** Bytes of memory that the process holds. */
  residentBytes: () => number;
  preferredBackend?: BackendName | undefined;
}

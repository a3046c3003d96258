import type { ArtifactRef, FineTuningJob } from '@capstan/core';
import type { Database } from '@capstan/db';

/**
 * The files of the job's base as they were when it was submitted, for a resumed run is the same run, whatever its base has become since. A job
 * of an earlier release did not write them down and gets what there is now; null where that is nothing.
 */
export async function findBase({ spec, projectId }: FineTuningJob, { models }: Pick<Database, 'models'>): Promise<ArtifactRef[] | null> {
  return spec.baseModel ?? (await models.get(spec.model, projectId))?.artifacts ?? null;
}

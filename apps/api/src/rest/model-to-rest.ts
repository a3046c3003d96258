import type { ModelObject } from '@capstan/core';
import type { Model } from '@capstan/db';
import { unixTime } from './unix-time.ts';

export function modelToRest(model: Model): ModelObject {
  return {
    id: model.id,
    object: 'model',
    created: unixTime(model.createdAt),
    owned_by: model.ownedBy,
    capstan: {
      kind: model.kind,
      base: model.base,
      job_id: model.jobId,
      method: model.method,
      parameter_count: model.parameterCount,
    },
  };
}

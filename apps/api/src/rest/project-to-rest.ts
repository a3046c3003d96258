import type { ProjectObject, ProjectQuota, ProjectUse, UpdateProjectRequest } from '@capstan/core';
import type { Project } from '@capstan/db';
import { unixTime } from './unix-time.ts';

export function projectToRest({ id, name, createdAt, quota }: Project, use: ProjectUse): ProjectObject {
  return {
    id,
    object: 'project',
    name,
    created_at: unixTime(createdAt),
    quota: quotaToRest(quota),
    usage: { held_gpus: use.heldGpus, queued_jobs: use.queuedJobs, spent_usd: use.spentUsd },
  };
}

export function quotaToRest({ maxConcurrentGpus, maxQueuedJobs, monthlyBudgetUsd }: ProjectQuota): ProjectObject['quota'] {
  return { max_concurrent_gpus: maxConcurrentGpus, max_queued_jobs: maxQueuedJobs, monthly_budget_usd: monthlyBudgetUsd };
}

/** The members that a request names; one that it does not name stays as it is. */
export function quotaFromRest(request: Omit<UpdateProjectRequest, 'name'>): Partial<ProjectQuota> {
  const { max_concurrent_gpus: gpus, max_queued_jobs: jobs, monthly_budget_usd: budget } = request;
  return {
    ...(gpus === undefined ? {} : { maxConcurrentGpus: gpus }),
    ...(jobs === undefined ? {} : { maxQueuedJobs: jobs }),
    ...(budget === undefined ? {} : { monthlyBudgetUsd: budget }),
  };
}

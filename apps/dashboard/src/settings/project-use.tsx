import type { ProjectObject } from '@capstan/core';
import { count, dollars } from '../format.ts';
import type { Fact } from '../shell/facts.tsx';

/** What a project has in use, and of how much. */
export function projectUse({ quota, usage }: ProjectObject): Fact[] {
  return [
    ['GPUs or CPU workers held', of(count, usage.held_gpus, quota.max_concurrent_gpus)],
    ['Jobs waiting', of(count, usage.queued_jobs, quota.max_queued_jobs)],
    ['Spent this month', of(dollars, usage.spent_usd, quota.monthly_budget_usd)],
  ];
}

function of(show: (figure: number) => string, used: number, limit: number | null): string {
  return limit === null ? show(used) : `${show(used)} of ${show(limit)}`;
}

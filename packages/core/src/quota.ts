/** What a project may use; null is as much as there is. */
export interface ProjectQuota {
  /** GPUs that its jobs hold at once; a slot of a pool without GPUs counts as one. */
  maxConcurrentGpus: number | null;
  maxQueuedJobs: number | null;
  /** Of a calendar month, UTC. */
  monthlyBudgetUsd: number | null;
}

export const NO_QUOTA: ProjectQuota = { maxConcurrentGpus: null, maxQueuedJobs: null, monthlyBudgetUsd: null };

/** What a project has in use now. */
export interface ProjectUse {
  heldGpus: number;
  queuedJobs: number;
  /** This month, attempts under way included. */
  spentUsd: number;
}

/** In OpenAI's words: a full queue is worth another try soon, a spent budget is not. */
export interface QuotaRefusal {
  code: 'rate_limit_exceeded' | 'insufficient_quota';
  message: string;
}

/** Why a job may not be submitted, or null. `gpus` and `costUsd` are what it would hold and cost. */
export function admitJob(quota: ProjectQuota, use: ProjectUse, job: { gpus: number; costUsd: number }): QuotaRefusal | null {
  const { maxConcurrentGpus, maxQueuedJobs, monthlyBudgetUsd } = quota;
  if (maxConcurrentGpus !== null && job.gpus > maxConcurrentGpus) {
    return insufficient(`The job needs ${job.gpus} GPUs at once and the project may hold ${maxConcurrentGpus}: ask for fewer workers.`);
  }
  if (monthlyBudgetUsd !== null && use.spentUsd + job.costUsd > monthlyBudgetUsd) {
    const left = Math.max(0, monthlyBudgetUsd - use.spentUsd);
    return insufficient(
      `The job costs about ${dollars(job.costUsd)} and ${dollars(left)} of the month's ${dollars(monthlyBudgetUsd)} are left.`,
    );
  }
  if (maxQueuedJobs !== null && use.queuedJobs >= maxQueuedJobs) {
    const message = `Rate limit reached: ${use.queuedJobs} jobs of the project wait and it may have ${maxQueuedJobs}. Submit more once some have started.`;
    return { code: 'rate_limit_exceeded', message };
  }
  return null;
}

/** Why a job of the project may not be launched now, or null: it would hold too much, or the month's budget is spent. */
export function launchRefusal(quota: ProjectQuota, use: Omit<ProjectUse, 'queuedJobs'>, gpus: number): string | null {
  const { maxConcurrentGpus, monthlyBudgetUsd } = quota;
  if (monthlyBudgetUsd !== null && use.spentUsd >= monthlyBudgetUsd) {
    return `The project has spent its budget of ${dollars(monthlyBudgetUsd)} for this month.`;
  }
  if (maxConcurrentGpus !== null && use.heldGpus + gpus > maxConcurrentGpus) {
    return `The job needs ${gpus} and its project holds ${use.heldGpus} of the ${maxConcurrentGpus} GPUs that it may have at once.`;
  }
  return null;
}

/**
 * How many of a project's jobs that wait for its quota may go back to their queues, from the first on: as many as fit in what is free. The
 * first that does not fit ends it, so that a wide job is not overtaken for ever.
 */
export function countReleasable(quota: ProjectQuota, use: Omit<ProjectUse, 'queuedJobs'>, gpusOfWaiting: readonly number[]): number {
  let { heldGpus } = use;
  for (const [index, gpus] of gpusOfWaiting.entries()) {
    if (launchRefusal(quota, { ...use, heldGpus }, gpus) !== null) return index;
    heldGpus += gpus;
  }
  return gpusOfWaiting.length;
}

/** The first instant of the calendar month of `now`, UTC. */
export function monthOf(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
}

function insufficient(message: string): QuotaRefusal {
  return { code: 'insufficient_quota', message: `You exceeded your current quota. ${message}` };
}

function dollars(amount: number): string {
  return `$${amount.toFixed(amount !== 0 && amount < 0.01 ? 4 : 2)}`;
}

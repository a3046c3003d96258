import { JOB_STATUSES, type JobStatus, type OverviewObject } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint } from '../http/endpoint.ts';
import { resource } from '../http/resource.ts';
import { unixTime } from '../rest/unix-time.ts';

const HOUR_MS = 60 * 60_000;
const HOURS = 24;

/** The caller's project at a glance. */
export function overviewRoutes(router: Router, { authenticate, db, clock, lookups }: ApiContext): void {
  async function read(projectId: string): Promise<OverviewObject> {
    const now = clock.now();
    const firstHour = Math.floor(now.getTime() / HOUR_MS) - HOURS + 1;
    const since = new Date(firstHour * HOUR_MS);
    const [{ states, failures, hours, queue }, used] = await Promise.all([
      lookups.overview(projectId, since),
      db.usage.total({ projectId, from: since, to: now }),
    ]);
    const jobsIn = new Map(states.map(({ status, jobs }) => [status, jobs]));
    const hourAt = new Map(hours.map((hour) => [hour.hour.getTime(), hour]));
    return {
      object: 'overview',
      states: Object.fromEntries(JOB_STATUSES.map((status) => [status, jobsIn.get(status) ?? 0])) as Record<JobStatus, number>,
      failures,
      hours: Array.from({ length: HOURS }, (_, index) => {
        const start = (firstHour + index) * HOUR_MS;
        const { created = 0, waitSeconds = null } = hourAt.get(start) ?? {};
        const queued = queue.findLast(({ hour }) => hour.getTime() <= start)?.queued ?? 0;
        return { start: unixTime(new Date(start)), created, wait_seconds: waitSeconds, queued };
      }),
      gpu_seconds: used.gpuSeconds,
      cost_usd: used.costUsd,
    };
  }

  resource(router, '/v1/overview', {
    get: endpoint(authenticate, 'viewer', async ({ response, caller }) => void response.json(await read(caller.projectId))),
  });
}

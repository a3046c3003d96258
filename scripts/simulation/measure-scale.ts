import { randomBytes } from 'node:crypto';
import { BatchV1Api, CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import pg from 'pg';
import type { BenchServices } from '../bench-services.ts';
import { openPlacement, type Placement } from './place-jobs.ts';
import { type SchedulerProcess, startSchedulerProcess } from './scheduler-process.ts';
import { growth, type SimulatedCluster } from './simulated-cluster.ts';
import { createSpeaker } from './speak-for-pods.ts';
import { untilDone } from './until.ts';
import { type PodWatch, watchPods } from './watch-pods.ts';

export interface ScaleSize {
  jobs: number;
  /** How many the pools have room for together. */
  pods: number;
  pools: number;
  runSeconds: number;
}

export interface ScaleFigures {
  jobs: number;
  /** Jobs that have not succeeded at the end. */
  lost: number;
  attempts: number;
  mostPods: number;
  /** From the opening of the pools to the last reservation of a slot, to the last launch, and to the end of the last pod. */
  admittedSeconds: number;
  launchedSeconds: number;
  makespanSeconds: number;
  /** Requests of the scheduler. */
  requests: number;
  /** Requests of everybody in the cluster. */
  calls: [string, number][];
  peakMiB: number;
  cpuSeconds: number;
}

interface Surroundings {
  services: BenchServices;
  cluster: SimulatedCluster;
}

/** One size from the first job to the last and the removal of what it left in the cluster, on a scheduler of its own. */
export async function measureScale(size: ScaleSize, { services, cluster }: Surroundings): Promise<ScaleFigures> {
  const namespace = `simulation-${randomBytes(3).toString('hex')}`;
  await cluster.config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: namespace } } });
  const placement = await openPlacement(services, { ...size, workersPerPool: Math.ceil(size.pods / size.pools) });
  await placement.place(size.jobs);
  console.log(`${size.jobs} jobs are placed.`);
  const scheduler = await startSchedulerProcess(services, { kubeconfig: cluster.kubeconfig, namespace });
  const speaker = createSpeaker(scheduler, { ...size, config: cluster.config });
  const pods = watchPods(cluster.config, { namespace, onRunning: speaker.onRunning });
  try {
    const [before, idle] = [await cluster.requests(), await scheduler.usage()];
    const [openedAt, started] = [new Date(), performance.now()];
    await placement.open();
    await untilEnded(placement, pods, services.postgresUrl);
    await untilRemoved(cluster.config, namespace);
    const [after, usage, ours] = [await cluster.requests(), await scheduler.usage(), await requestsOf(scheduler)];
    if (speaker.failures.length > 0) console.log(`${speaker.failures.length} sessions failed, the first: ${String(speaker.failures[0])}`);
    return {
      ...{ jobs: size.jobs, mostPods: pods.most(), makespanSeconds: (pods.lastEndAt() - started) / 1000 },
      ...(await readLedger(placement, size.jobs, { openedAt, postgresUrl: services.postgresUrl })),
      ...{
        requests: ours,
        calls: growth(before, after).filter(([call]) => call !== OWN_LOOKS),
        peakMiB: usage.peakMiB,
        cpuSeconds: usage.cpuSeconds - idle.cpuSeconds,
      },
    };
  } finally {
    await speaker.close();
    pods.close();
    await scheduler.stop();
    await placement.close();
  }
}

async function requestsOf({ metrics }: SchedulerProcess): Promise<number> {
  const ours = [...(await metrics())].filter(([name]) => name.startsWith('capstan_kubernetes_requests_total'));
  return ours.reduce((sum, [, count]) => sum + count, 0);
}

/** Those of `untilRemoved`; the scheduler lists Jobs once. */
const OWN_LOOKS = 'LIST jobs';

/** Until the scheduler has taken the Jobs out of the cluster; what it leaves there is no failure of the run. */
async function untilRemoved(config: KubeConfig, namespace: string): Promise<void> {
  const batch = config.makeApiClient(BatchV1Api);
  await untilDone('removal', async () => {
    const { items, metadata } = await batch.listNamespacedJob({ namespace, limit: 1 });
    const left = items.length + (metadata?.remainingItemCount ?? 0);
    return { isDone: left === 0, state: `${left} are left` };
  }).catch((error: unknown) => console.log(String(error)));
}

async function untilEnded({ poolIds }: Placement, pods: PodWatch, postgresUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await untilDone('jobs', async () => {
      const { rows } = await client.query(
        'SELECT status::text, count(*)::int AS jobs FROM jobs WHERE pool_id = ANY($1) GROUP BY status ORDER BY status',
        [poolIds],
      );
      const counts = rows.map(({ status, jobs }) => `${jobs} ${status}`).join(', ');
      const isDone = rows.every(({ status }) => ['succeeded', 'failed', 'cancelled'].includes(status));
      return { isDone, state: `${counts}; ${pods.running()} pods run, ${pods.ended()} have ended` };
    });
  } finally {
    await client.end();
  }
}

type Ledger = Pick<ScaleFigures, 'lost' | 'attempts' | 'admittedSeconds' | 'launchedSeconds'>;

async function readLedger(
  { poolIds }: Placement,
  jobs: number,
  { openedAt, postgresUrl }: { openedAt: Date; postgresUrl: string },
): Promise<Ledger> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  const { rows } = await client.query(
    `SELECT (SELECT $3 - count(*)::int FROM jobs WHERE pool_id = ANY($1) AND status = 'succeeded') AS lost, count(*)::int AS attempts,
       extract(epoch FROM max(a.intended_at) FILTER (WHERE a.attempt = 1) - $2::timestamptz)::float8 AS "admittedSeconds",
       extract(epoch FROM max(a.launched_at) FILTER (WHERE a.attempt = 1) - $2::timestamptz)::float8 AS "launchedSeconds"
     FROM attempts a WHERE a.pool_id = ANY($1)`,
    [poolIds, openedAt, jobs],
  );
  await client.end();
  return rows[0];
}

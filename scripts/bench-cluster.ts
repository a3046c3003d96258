// `npm run bench:cluster`: the same one-pod jobs through as many queues of the same quota, by Capstan and by Kueue alone, one after the other
// on one simulated cluster. Jobs are made while the queues are closed; then the queues are opened, and the clock starts. Admitted means: the
// quota is reserved, in Capstan's ledger or in the Workload. Smaller: `-- --jobs 300 --nodes 50`.
import { parseArgs } from 'node:util';
import { rounded, startBenchServices } from './bench-services.ts';
import { type AdmissionFigures, measureKueue, type QueuedWork } from './simulation/measure-kueue.ts';
import { measureScale } from './simulation/measure-scale.ts';
import { startSimulatedCluster } from './simulation/simulated-cluster.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2000' },
    queues: { type: 'string', default: '30' },
    /** Pods that one queue may run at once; by default all of its jobs, so that what admits is measured and not what runs. */
    quota: { type: 'string' },
    nodes: { type: 'string', default: '300' },
    'run-seconds': { type: 'string', default: '5' },
  },
});

const [jobs, queues] = [Number(values.jobs), Number(values.queues)];
const quota = Number(values.quota ?? Math.ceil(jobs / queues));
const work: QueuedWork = { jobs, queues, quota, runSeconds: Number(values['run-seconds']) };
const cluster = await startSimulatedCluster({ nodes: Number(values.nodes), kueue: true });
try {
  const capstan = await measureCapstan();
  console.log(`Capstan: ${describe(capstan)}`);
  const kueue = await measureKueue(work, cluster).catch((error: unknown) => {
    console.log(`Kueue's part failed: ${error instanceof Error ? error.stack : String(error)}`);
    process.exitCode = 1;
    return null;
  });
  if (kueue !== null) console.log(`Kueue: ${describe(kueue)}`);
  console.log(JSON.stringify({ script: 'bench:cluster', ...compare(capstan, kueue) }));
} finally {
  await cluster.stop();
}

/** Without the peer's figures there is nothing to compare. */
function compare(capstan: AdmissionFigures, kueue: AdmissionFigures | null) {
  if (kueue === null) return { admissionsRatio: null, makespanRatio: null, requestsPerJob: null };
  return {
    admissionsRatio: rounded(kueue.admittedSeconds / capstan.admittedSeconds),
    makespanRatio: rounded(capstan.makespanSeconds / kueue.makespanSeconds),
    requestsPerJob: rounded(callsPerJob(capstan) / callsPerJob(kueue)),
  };
}

/** Its Postgres and Redis run only as long as it does, for Kueue needs neither. */
async function measureCapstan(): Promise<AdmissionFigures> {
  const services = await startBenchServices();
  try {
    return await measureScale({ jobs, pools: queues, pods: quota * queues, runSeconds: work.runSeconds }, { services, cluster });
  } finally {
    await services.stop();
  }
}

function callsPerJob({ calls }: AdmissionFigures): number {
  return calls.reduce((sum, [, count]) => sum + count, 0) / jobs;
}

function describe(figures: AdmissionFigures): string {
  const { admittedSeconds, makespanSeconds } = figures;
  const most = figures.calls.slice(0, 12).map(([call, count]) => `${call} ${rounded(count / jobs)}`);
  return [
    `${rounded(jobs / admittedSeconds, 1)} admissions/s, the last pod has ended after ${rounded(makespanSeconds, 1)} s,`,
    `${rounded(callsPerJob(figures))} requests per job (${most.join(', ')})`,
  ].join(' ');
}

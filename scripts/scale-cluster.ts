// `npm run scale:cluster`: a real scheduler, Postgres, Redis and Kubernetes control plane over simulated nodes, at three sizes. A simulated
// pod has no container: this process speaks over gRPC for each (scripts/simulation/speak-for-pods.ts). Smaller: `-- --jobs 600 --pods 200 --nodes 40`.
import { parseArgs } from 'node:util';
import { rounded, startBenchServices } from './bench-services.ts';
import { measureScale, type ScaleFigures } from './simulation/measure-scale.ts';
import { describeShortage } from './simulation/open-files.ts';
import { startSimulatedCluster } from './simulation/simulated-cluster.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '15000' },
    pods: { type: 'string', default: '5000' },
    nodes: { type: 'string', default: '1000' },
    pools: { type: 'string', default: '30' },
    'run-seconds': { type: 'string', default: '90' },
    /** Parts of the whole, in this order. */
    sizes: { type: 'string', default: '0.25,0.5,1' },
  },
});

const services = await startBenchServices();
const cluster = await startSimulatedCluster({ nodes: Number(values.nodes) });
const sizes = values.sizes.split(',').map((part) => ({
  jobs: Math.round(Number(values.jobs) * Number(part)),
  pods: Math.round(Number(values.pods) * Number(part)),
  pools: Number(values.pools),
  runSeconds: Number(values['run-seconds']),
}));
const shortage = describeShortage(Math.max(...sizes.map(({ pods }) => pods)));
if (shortage !== null) console.log(shortage);
let whole: ScaleFigures | undefined;
try {
  for (const size of sizes) {
    whole = await measureScale(size, { services, cluster });
    console.log(describe(whole));
  }
} catch (error) {
  // The sizes before it have been told, and larger ones would end as this one did.
  console.log(`A size failed: ${error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 1;
} finally {
  await cluster.stop();
  await services.stop();
}
if (whole === undefined) process.exit(1);
const { jobs, lost, peakMiB } = whole;
const rates = { jobsPerSecond: rounded(jobs / whole.launchedSeconds, 1), requestsPerJob: rounded(whole.requests / jobs) };
console.log(JSON.stringify({ script: 'scale:cluster', jobs, lost, ...rates, schedulerMiB: peakMiB }));

function describe({ jobs, lost, attempts, mostPods, peakMiB, requests, cpuSeconds, ...figures }: ScaleFigures): string {
  const all = figures.calls.reduce((sum, [, count]) => sum + count, 0);
  const most = figures.calls.slice(0, 12).map(([call, count]) => `${call} ${rounded(count / jobs)}`);
  return [
    `${jobs} jobs, at most ${mostPods} pods at once: all launched after ${rounded(figures.launchedSeconds, 1)} s`,
    `(${rounded(jobs / figures.launchedSeconds, 1)}/s), the last pod has ended after ${rounded(figures.makespanSeconds, 1)} s;`,
    `${rounded(requests / jobs)} requests of the scheduler per job, ${rounded(all / jobs)} of all that run in the cluster (${most.join(', ')});`,
    `scheduler: ${peakMiB} MiB at its peak, ${rounded((cpuSeconds * 1000) / jobs, 1)} ms of a processor per job; ${lost} lost, ${attempts - jobs} attempts repeated`,
  ].join(' ');
}

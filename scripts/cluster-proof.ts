// `npm run cluster:proof`: the platform in pods of a cluster; jobs train in pods while a scheduler is killed, every deployment is restarted, and the
// workers' namespace is deleted. Takes what `npm run cluster:dev` left up, or starts it.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { bringUp } from './cluster/bring-up.ts';
import { closeCluster } from './cluster/open-cluster.ts';
import { runTrial, TRIALS } from './cluster/trials.ts';
import { repositoryRoot } from './images/app-files.ts';
import { uploadRows } from './outage/jobs.ts';

const ASKED_EVERY_MS = 100;

const { values } = parseArgs({
  options: {
    load: { type: 'string' },
    folder: { type: 'string', default: join(repositoryRoot, '.capstan/cluster') },
    images: { type: 'string', default: join(repositoryRoot, '.capstan/images') },
    built: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const announce = (text: string) => void process.stdout.write(`${text}\n`);
const kubeconfig = process.env.KUBECONFIG || undefined;
const choice = { kubeconfig, loadCommand: values.load, folder: values.folder, announce };
const { cluster, address } = await bringUp({ ...choice, imagesFolder: values.images, areBuilt: values.built });
if (address === null) throw new Error("This machine does not reach the addresses of the cluster's Services: run it on one that does.");

const client = createClient({ baseUrl: `${address}/v1`, apiKey: 'for-development-only', clock: systemClock });
const context = { client, trainingFile: await uploadRows(client), kubectl: cluster.kubectl, announce };
const ended = new AbortController();
const asking = countUnanswered(`${address}/healthz`, ended.signal);
const seconds: Record<string, number> = {};
const problems: string[] = [];
for (const trial of TRIALS.filter(({ name }) => values.only === undefined || values.only === name)) {
  const startedAt = performance.now();
  problems.push(...(await runTrial(trial, context).catch((error: unknown) => [`${trial.name}: ${error}`])));
  seconds[trial.name] = Math.round((performance.now() - startedAt) / 1_000);
}
ended.abort();
const { asked, unanswered } = await asking;
if (kubeconfig === undefined && !values.keep) closeCluster(values.folder);

for (const problem of problems) announce(`\nFAILED: ${problem}`);
announce(
  `\n${JSON.stringify({ script: 'cluster-proof', jobs: Object.keys(seconds).length, lost: problems.length, asked, unanswered, seconds })}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Asks all the while, without trying again: an API that is restarted pod by pod answers everybody. */
async function countUnanswered(url: string, signal: AbortSignal): Promise<{ asked: number; unanswered: number }> {
  const counts = { asked: 0, unanswered: 0 };
  while (!signal.aborted) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000), headers: { connection: 'close' } }).catch(() => null);
    counts.asked += 1;
    if (answer?.ok !== true) counts.unanswered += 1;
    await sleep(ASKED_EVERY_MS);
  }
  return counts;
}

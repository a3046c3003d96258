import type { JobObject } from '@capstan/core';
import { jobRequest, type Submitter, trainedSteps, untilJob } from '../outage/jobs.ts';
import { applyManifests, awaitRollout, releaseRanks } from './install-platform.ts';
import type { Kubectl } from './kubectl.ts';

export interface TrialContext extends Submitter {
  kubectl: Kubectl;
  announce: (text: string) => void;
}

/** What is done to the cluster while a job trains, and how many attempts the job may need then. */
export interface Trial {
  name: string;
  steps: number;
  attempts: number;
  strike(job: JobObject, context: TrialContext): Promise<void>;
}

const DEPLOYMENTS = ['deployment/redis', 'deployment/scheduler', 'deployment/api'];

/** Steps after which a job has been seen to train. */
const STRIKE_AFTER = 5;

export const TRIALS: Trial[] = [
  { name: 'undisturbed', steps: 20, attempts: 1, strike: async () => undefined },
  { name: 'schedulerKilled', steps: 50, attempts: 1, strike: killItsScheduler },
  { name: 'allDeploymentsRestarted', steps: 70, attempts: 1, strike: restartDeployments },
  { name: 'namespaceDeleted', steps: 51, attempts: 2, strike: deleteNamespace },
];

/** Submits a job, strikes while it trains and waits for its end; answers what is wrong with it, in words. */
export async function runTrial({ name, steps, attempts, strike }: Trial, context: TrialContext): Promise<string[]> {
  const { id } = await context.client.jobs.create(jobRequest(context, steps));
  const training = await untilJob(context, id, ({ capstan }) => (capstan.progress?.step ?? 0) >= STRIKE_AFTER);
  context.announce(`${name}: ${id} trains in ${(await podsOf(context.kubectl, id)).join(', ')}.`);
  await strike(training, context);
  const job = await untilJob(context, id, ({ status }) => ['succeeded', 'failed', 'cancelled'].includes(status));
  return judge(job, await trainedSteps(context, id), { steps, attempts });
}

function judge({ id, capstan }: JobObject, trained: { step: number }[], wanted: { steps: number; attempts: number }): string[] {
  const problems = capstan.state === 'succeeded' ? [] : [`${id} is ${capstan.state}: ${capstan.message}`];
  if (capstan.attempt > wanted.attempts) problems.push(`${id} took ${capstan.attempt} attempts.`);
  const isWhole = trained.length === wanted.steps && trained.every(({ step }, index) => step === index + 1);
  if (!isWhole) problems.push(`${id} has ${trained.length} rows for ${wanted.steps} steps.`);
  return problems;
}

/** The one whose pod is named first in the worker's environment: it launched the job and speaks with it. */
async function killItsScheduler({ id }: JobObject, { kubectl, announce }: TrialContext): Promise<void> {
  const path = 'jsonpath={.items[0].spec.containers[0].env[?(@.name=="CAPSTAN_SCHEDULER_ADDRESS")].value}';
  const address = await kubectl(['get', 'pods', '--namespace', 'capstan-workers', '--selector', `job-name=${id}-a1`, '--output', path]);
  const schedulers = JSON.parse(
    await kubectl(['get', 'pods', '--namespace', 'capstan', '--selector', SCHEDULERS, '--output', 'json']),
  ) as PodList;
  const its = schedulers.items.find(({ status }) => address.startsWith(`${status.podIP}:`));
  if (its === undefined) throw new Error(`No scheduler is at ${address}.`);
  await kubectl(['delete', 'pod', its.metadata.name, '--namespace', 'capstan', '--grace-period=0', '--force']);
  announce(`Killed ${its.metadata.name}.`);
}

async function restartDeployments(_job: JobObject, { kubectl, announce }: TrialContext): Promise<void> {
  await kubectl(['rollout', 'restart', ...DEPLOYMENTS, '--namespace', 'capstan']);
  for (const deployment of DEPLOYMENTS) await awaitRollout(kubectl, deployment);
  announce('Every deployment was restarted, pod by pod.');
}

async function deleteNamespace(_job: JobObject, { kubectl, announce }: TrialContext): Promise<void> {
  await kubectl(['delete', 'namespace', 'capstan-workers', '--wait=false']);
  // The scheduler's rights go with the namespace, so somebody else lets the ranks go.
  await releaseRanks(kubectl);
  await kubectl(['wait', '--for=delete', 'namespace/capstan-workers', '--timeout=120s']);
  announce('The namespace of the workers is gone, and is made again.');
  await applyManifests(kubectl);
}

const SCHEDULERS = 'app.kubernetes.io/name=capstan-scheduler';

interface PodList {
  items: { metadata: { name: string }; status: { podIP?: string } }[];
}

async function podsOf(kubectl: Kubectl, jobId: string): Promise<string[]> {
  const names = await kubectl(['get', 'pods', '--namespace', 'capstan-workers', '--output', 'name']);
  return names
    .split('\n')
    .filter((name) => name.includes(jobId))
    .map((name) => name.replace('pod/', ''));
}

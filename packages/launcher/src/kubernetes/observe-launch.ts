import { isFinished } from '@capstan/core';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import type { RankObservation } from '../launcher.ts';
import { LABELS, RANK_FINALIZER, STOP_LABEL } from './names.ts';
import { describeAdmission, describeEviction, type Workload } from './read-admission.ts';
import { type RankPhase, readRankPhase } from './read-rank-phase.ts';

/** What the cluster holds of one launch: its Job, unless somebody deleted it, and the pods whose end is not recorded. */
export interface LaunchObjects {
  job: V1Job | undefined;
  pods: V1Pod[];
  /** What Kueue says of the Job, where it admits. */
  workload?: Workload | undefined;
  /** Why the cluster makes no pod for the Job, where it has said so. */
  refusal?: string | undefined;
}

/** Every rank of the launch, in order. A rank without a pod is read from the Job: not made yet, never to be made, or made and gone. */
export function observeLaunch({ job, pods, workload, refusal }: LaunchObjects): RankObservation[] {
  const byRank = new Map<number, V1Pod>();
  // An attempt has one life: where a rank's pod has ended, another that the cluster made in its place does not undo that.
  for (const pod of pods.filter(isUnrecorded).sort(byEndAndAge)) {
    const rank = Number(pod.metadata?.labels?.[LABELS.rank] ?? 0);
    if (!byRank.has(rank)) byRank.set(rank, pod);
  }
  const ranks = job === undefined ? [...byRank.keys()].sort((a, b) => a - b) : [...Array(job.spec?.completions ?? 1).keys()];
  return ranks.flatMap((rank) => {
    const pod = byRank.get(rank);
    const labels = (pod ?? job)?.metadata?.labels;
    if (labels === undefined) return [];
    const phase = pod === undefined ? readFromJob(job, rank, { workload, refusal }) : inLightOfJob(readRankPhase(pod), job, workload);
    const isLeaving = pod?.metadata?.deletionTimestamp !== undefined;
    return [{ ...readIdentity(labels), rank, ...phase, placedAt: placedAtOf(pod), node: pod?.spec?.nodeName ?? null, isLeaving }];
  });
}

function readIdentity(labels: Record<string, string>): Pick<RankObservation, 'name' | 'kind' | 'jobId' | 'attempt' | 'epoch'> {
  return {
    name: labels[LABELS.name] ?? '',
    kind: labels[LABELS.kind] === 'serve' ? 'serve' : 'train',
    jobId: labels[LABELS.jobId] ?? '',
    attempt: Number(labels[LABELS.attempt]),
    epoch: Number(labels[LABELS.epoch]),
  };
}

const ABSENT = { exitCode: null, startedAt: null, finishedAt: null, logTail: [] };

function readFromJob(job: V1Job | undefined, rank: number, { workload, refusal }: Pick<LaunchObjects, 'workload' | 'refusal'>): RankPhase {
  if (includesIndex(job?.status?.completedIndexes, rank))
    return { ...ABSENT, phase: 'succeeded', reason: null, message: null, exitCode: 0 };
  if (isStopped(job))
    return { ...ABSENT, phase: 'failed', reason: 'WorkerKilled', message: 'The rank was stopped on request before it started.' };
  const failure = failureOf(job);
  if (failure === undefined)
    return { ...ABSENT, phase: 'pending', reason: null, message: describeAdmission(job, workload) ?? refusal ?? null };
  const reason = failure.reason === 'DeadlineExceeded' ? 'DeadlineExceeded' : 'WorkerKilled';
  return { ...ABSENT, phase: 'failed', reason, message: `${failure.reason}: ${failure.message ?? 'the Job failed.'}` };
}

/** A pod that was killed says so, and only its Job says why. */
function inLightOfJob(phase: RankPhase, job: V1Job | undefined, workload: Workload | undefined): RankPhase {
  if (phase.phase === 'running') return { ...phase, ...deadlineOf(job) };
  if (phase.reason !== 'WorkerKilled') return phase;
  if (isStopped(job)) return { ...phase, message: 'The worker was stopped on request.' };
  const eviction = describeEviction(job, workload);
  if (eviction !== null) return { ...phase, reason: 'Preempted', message: eviction };
  return { ...phase, ...deadlineOf(job) };
}

/** That the Job has been active for longer than it may: its pods are being ended. */
function deadlineOf(job: V1Job | undefined): Pick<RankPhase, 'reason' | 'message'> | null {
  const failure = failureOf(job);
  if (failure?.reason !== 'DeadlineExceeded') return null;
  return { reason: 'DeadlineExceeded', message: failure.message ?? 'The Job was active for too long.' };
}

function failureOf(job: V1Job | undefined) {
  return job?.status?.conditions?.find(({ type, status }) => (type === 'Failed' || type === 'FailureTarget') && status === 'True');
}

function isStopped(job: V1Job | undefined): boolean {
  return job?.metadata?.labels?.[STOP_LABEL] !== undefined;
}

function placedAtOf(pod: V1Pod | undefined): Date | null {
  if (pod?.spec?.nodeName === undefined) return null;
  const scheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'True');
  const at = scheduled?.lastTransitionTime ?? pod.metadata?.creationTimestamp;
  return at === undefined ? null : new Date(at);
}

function isUnrecorded({ metadata }: V1Pod): boolean {
  return metadata?.finalizers?.includes(RANK_FINALIZER) ?? false;
}

/** Pods that have ended first, in the order in which they were made; then the living, the newest first. */
function byEndAndAge(a: V1Pod, b: V1Pod): number {
  const [hasEnded, hasOtherEnded] = [isFinished(readRankPhase(a)), isFinished(readRankPhase(b))];
  if (hasEnded !== hasOtherEnded) return hasEnded ? -1 : 1;
  return hasEnded ? byAge(a, b) : byAge(b, a);
}

function byAge(a: V1Pod, b: V1Pod): number {
  return new Date(a.metadata?.creationTimestamp ?? 0).getTime() - new Date(b.metadata?.creationTimestamp ?? 0).getTime();
}

/** Kubernetes writes the indexes of an Indexed Job as "0,3-5". */
function includesIndex(indexes: string | undefined, rank: number): boolean {
  return (indexes ?? '').split(',').some((part) => {
    const [first, last = first] = part.split('-');
    return first !== '' && Number(first) <= rank && rank <= Number(last);
  });
}

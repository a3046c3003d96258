import type { FailureReason, ObservedRank } from '@capstan/core';
import type { V1ContainerStateTerminated, V1Pod } from '@kubernetes/client-node';
import { CONTAINER } from './names.ts';

export type RankPhase = Pick<ObservedRank, 'phase' | 'reason' | 'message' | 'exitCode' | 'startedAt' | 'finishedAt' | 'logTail'>;

const KILLED_BY_SIGNAL = 128;
/** Why a pod was chosen to go, as its DisruptionTarget condition says. */
const DISRUPTIONS: Record<string, FailureReason> = {
  PreemptionByScheduler: 'Preempted',
  DeletionByTaintManager: 'NodeLost',
  DeletionByPodGC: 'NodeLost',
  EvictionByEvictionAPI: 'Evicted',
  TerminationByKubelet: 'Evicted',
};
/** What the kubelet says of a pod as a whole, or of a container, when it ends one. */
const ENDINGS: Record<string, FailureReason> = {
  OOMKilled: 'OOMKilled',
  Evicted: 'Evicted',
  NodeShutdown: 'Evicted',
  Terminated: 'Evicted',
  Preempting: 'Preempted',
  Preempted: 'Preempted',
  NodeLost: 'NodeLost',
  ContainerStatusUnknown: 'NodeLost',
  DeadlineExceeded: 'DeadlineExceeded',
  StartError: 'LaunchFailed',
  ContainerCannotRun: 'LaunchFailed',
  UnexpectedAdmissionError: 'LaunchFailed',
  NodeAffinity: 'LaunchFailed',
  TopologyAffinityError: 'LaunchFailed',
};
/** The kubelet found the node fuller than the scheduler thought: OutOfcpu, OutOfmemory, OutOfnvidia.com/gpu … */
const OUT_OF_RESOURCE = /^OutOf/;
/** The kubelet evicts a pod also for what the pod itself used of the disk, and would the next one. */
const OWN_DISK_USE = /exceeds the limit|exceeded its local ephemeral storage limit|exceeds the total limit of containers/;
/** Images that no patience brings: the name cannot be one, or pulling is forbidden. */
const HOPELESS_IMAGE = new Set(['InvalidImageName', 'ErrImageNeverPull']);
/** V8 says this and aborts when its own heap is full, which no limit of the container shows. */
const HEAP_EXHAUSTED = /JavaScript heap out of memory/;
const UNREMARKABLE = new Set(['ContainerCreating', 'PodInitializing']);

/** One rank as its pod shows it. Times may be text: a watch delivers what a list delivers, but unparsed. */
export function readRankPhase(pod: V1Pod): RankPhase {
  const terminated = workerOf(pod)?.state?.terminated;
  if (terminated !== undefined) return describeEnd(pod, terminated);
  if (pod.status?.phase === 'Failed' || isGone(pod)) return describeEndWithoutStart(pod);
  const running = workerOf(pod)?.state?.running;
  if (running !== undefined) return { ...LIVING, phase: 'running', startedAt: toDate(running.startedAt), ...judgeNode(pod) };
  return describeWaiting(pod);
}

const LIVING = { reason: null, message: null, exitCode: null, startedAt: null, finishedAt: null, logTail: [] };

/** Nobody but the control plane takes a pod for unready whose container is ready: it has lost sight of the node. */
function judgeNode(pod: V1Pod): Pick<RankPhase, 'reason' | 'message'> | null {
  const isUnready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'False') ?? false;
  if (!isUnready || !workerOf(pod)?.ready || isBeingDeleted(pod)) return null;
  return { reason: 'NodeLost', message: `The cluster hears nothing of ${pod.spec?.nodeName ?? 'its node'}.` };
}

function describeEnd(pod: V1Pod, terminated: V1ContainerStateTerminated): RankPhase {
  const { exitCode } = terminated;
  const ended = { exitCode, startedAt: toDate(terminated.startedAt), finishedAt: toDate(terminated.finishedAt) };
  const logTail = (terminated.message ?? '').split('\n').filter((line) => line !== '');
  if (exitCode === 0) return { ...ended, phase: 'succeeded', reason: null, message: null, logTail };
  return { ...ended, ...judgeFailure(pod, terminated, logTail), phase: 'failed', logTail };
}

function judgeFailure(pod: V1Pod, terminated: V1ContainerStateTerminated, logTail: string[]): Pick<RankPhase, 'reason' | 'message'> {
  const { exitCode, reason = '' } = terminated;
  const verdict = judgePod(pod);
  if (verdict !== null) return verdict;
  if (reason === 'OOMKilled') return { reason, message: `The worker exceeded its memory limit${describeLimit(pod)}.` };
  if (logTail.some((line) => HEAP_EXHAUSTED.test(line))) return { reason: 'OOMKilled', message: 'The worker ran out of JavaScript heap.' };
  const ending = isBeingDeleted(pod) ? undefined : ENDINGS[reason];
  if (ending !== undefined) return { reason: ending, message: `${reason}: the container could not be run.` };
  if (exitCode <= KILLED_BY_SIGNAL) return { reason: null, message: null };
  const killer = isBeingDeleted(pod) ? 'because its pod was deleted' : `by signal ${exitCode - KILLED_BY_SIGNAL}`;
  return { reason: 'WorkerKilled', message: `The worker was killed ${killer}.` };
}

/** What the cluster says of the pod as a whole, which outranks how its container ended. */
function judgePod({ status }: V1Pod): { reason: FailureReason; message: string } | null {
  const disruption = status?.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True');
  const disrupted = DISRUPTIONS[disruption?.reason ?? ''];
  if (disrupted !== undefined) return { reason: disrupted, message: disruption?.message || `The pod was ended: ${disruption?.reason}.` };
  const { reason: word = '', message = 'the pod was ended.' } = status ?? {};
  if (OWN_DISK_USE.test(message))
    return { reason: 'WorkerKilled', message: `${word}: ${message.trim()} Give the pool a larger cacheSize.` };
  const ended = OUT_OF_RESOURCE.test(word) ? 'LaunchFailed' : ENDINGS[word];
  return ended === undefined ? null : { reason: ended, message: `${word}: ${message}` };
}

function describeEndWithoutStart(pod: V1Pod): RankPhase {
  const { reason: word, message } = pod.status ?? {};
  const words = word ? sentence(word, message) : 'The pod was deleted before the worker had ended.';
  const verdict = judgePod(pod) ?? { reason: 'WorkerKilled' as const, message: words };
  return { ...LIVING, ...verdict, phase: 'failed', finishedAt: toDate(pod.metadata?.deletionTimestamp) };
}

/** Its node will not speak for it any more: it never had one, or lost it. What still runs there belongs to an old epoch. */
function isGone(pod: V1Pod): boolean {
  if (!isBeingDeleted(pod)) return false;
  return pod.spec?.nodeName === undefined || judgePod(pod)?.reason === 'NodeLost';
}

function describeWaiting(pod: V1Pod): RankPhase {
  const waiting = workerOf(pod)?.state?.waiting;
  const word = waiting?.reason ?? '';
  if (HOPELESS_IMAGE.has(word))
    return { ...LIVING, phase: 'failed', reason: 'ImagePullFailed', message: sentence(word, waiting?.message), exitCode: null };
  return { ...LIVING, phase: 'pending', message: describeWait(pod) };
}

/** What a pending pod waits for, in the cluster's own words. */
function describeWait(pod: V1Pod): string | null {
  const waiting = workerOf(pod)?.state?.waiting;
  if (waiting?.reason !== undefined && !UNREMARKABLE.has(waiting.reason)) return sentence(waiting.reason, waiting.message);
  const unscheduled = pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (unscheduled !== undefined) return sentence(unscheduled.reason ?? 'Unscheduled', unscheduled.message);
  return pod.spec?.nodeName === undefined ? null : `The container is being made on ${pod.spec.nodeName}.`;
}

function describeLimit(pod: V1Pod): string {
  const limit = pod.spec?.containers.find(({ name }) => name === CONTAINER)?.resources?.limits?.memory;
  return limit === undefined ? '' : ` of ${limit}`;
}

function workerOf({ status }: V1Pod) {
  return status?.containerStatuses?.find(({ name }) => name === CONTAINER);
}

function isBeingDeleted({ metadata }: V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

function sentence(word: string, message: string | undefined): string {
  return message ? `${word}: ${message}` : word;
}

function toDate(value: Date | string | undefined | null): Date | null {
  return value === undefined || value === null ? null : new Date(value);
}

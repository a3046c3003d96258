import type { V1ContainerState, V1Pod, V1PodCondition } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { type RankPhase, readRankPhase } from './read-rank-phase.ts';

const STARTED = new Date('2026-01-01T10:00:00Z');
const FINISHED = new Date('2026-01-01T10:05:00Z');

interface PodFacts {
  node?: string | null;
  state?: V1ContainerState;
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: Pick<V1PodCondition, 'type' | 'status' | 'reason' | 'message'>[];
  isDeleted?: boolean;
  isReady?: boolean;
}

function makePod({
  node = 'node-1',
  state,
  phase = 'Pending',
  reason,
  message,
  conditions = [],
  isDeleted = false,
  isReady = false,
}: PodFacts): V1Pod {
  const status = { image: 'x', imageID: 'x', name: 'worker', ready: isReady, restartCount: 0 };
  return {
    metadata: isDeleted ? { deletionTimestamp: FINISHED } : {},
    spec: { containers: [{ name: 'worker', resources: { limits: { memory: '512Mi' } } }], ...(node === null ? {} : { nodeName: node }) },
    status: {
      ...{ phase, conditions: conditions as V1PodCondition[] },
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
      ...(state === undefined ? {} : { containerStatuses: [{ ...status, state }] }),
    },
  };
}

function ended(exitCode: number, reason = 'Error', message?: string): V1ContainerState {
  return { terminated: { exitCode, reason, startedAt: STARTED, finishedAt: FINISHED, ...(message === undefined ? {} : { message }) } };
}

const disrupted = (reason: string, message?: string) => [
  { type: 'DisruptionTarget', status: 'True', reason, ...(message === undefined ? {} : { message }) },
];
const waiting = (reason: string, message?: string): V1ContainerState => ({
  waiting: { reason, ...(message === undefined ? {} : { message }) },
});
const unschedulable = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/2 nodes are available.' }];

const CASES: [title: string, pod: PodFacts, expected: Partial<RankPhase>][] = [
  ['not looked at yet', { node: null }, { phase: 'pending', message: null }],
  [
    'without a node that suits it',
    { node: null, conditions: unschedulable },
    { phase: 'pending', message: 'Unschedulable: 0/2 nodes are available.' },
  ],
  [
    'on a node, its container being made',
    { state: waiting('ContainerCreating') },
    { phase: 'pending', message: /being made on node-1/ as never },
  ],
  [
    'whose image cannot be pulled now',
    { state: waiting('ImagePullBackOff', 'Back-off pulling image "x"') },
    { phase: 'pending', message: 'ImagePullBackOff: Back-off pulling image "x"' },
  ],
  [
    'whose image can never be pulled',
    { state: waiting('InvalidImageName', 'couldn’t parse image') },
    { phase: 'failed', reason: 'ImagePullFailed', message: 'InvalidImageName: couldn’t parse image' },
  ],
  ['whose image is nowhere and may not be pulled', { state: waiting('ErrImageNeverPull') }, { phase: 'failed', reason: 'ImagePullFailed' }],
  [
    'that the kubelet cannot configure',
    { state: waiting('CreateContainerConfigError', 'secret "x" not found') },
    { phase: 'pending', message: 'CreateContainerConfigError: secret "x" not found' },
  ],
  ['that runs', { phase: 'Running', state: { running: { startedAt: STARTED } } }, { phase: 'running', startedAt: STARTED, reason: null }],
  [
    'that runs and is being deleted',
    { phase: 'Running', state: { running: { startedAt: STARTED } }, isDeleted: true },
    { phase: 'running', reason: null },
  ],
  [
    'that runs on a node of which nothing is heard',
    { phase: 'Running', state: { running: {} }, isReady: true, conditions: [{ type: 'Ready', status: 'False' }] },
    { phase: 'running', reason: 'NodeLost', message: 'The cluster hears nothing of node-1.' },
  ],
  [
    'that runs and is not ready, as its node says',
    { phase: 'Running', state: { running: {} }, conditions: [{ type: 'Ready', status: 'False' }] },
    { phase: 'running', reason: null },
  ],
  ['that exited with 0', { state: ended(0, 'Completed') }, { phase: 'succeeded', exitCode: 0, startedAt: STARTED, finishedAt: FINISHED }],
  ['that obeyed an eviction', { state: ended(0, 'Completed'), conditions: disrupted('EvictionByEvictionAPI') }, { phase: 'succeeded' }],
  [
    'that exited with another status',
    { state: ended(3, 'Error', 'first\nlast\n') },
    { phase: 'failed', reason: null, exitCode: 3, logTail: ['first', 'last'] },
  ],
  [
    'that exceeded its memory',
    { state: ended(137, 'OOMKilled') },
    { phase: 'failed', reason: 'OOMKilled', exitCode: 137, message: 'The worker exceeded its memory limit of 512Mi.' },
  ],
  [
    'whose JavaScript heap was full',
    { state: ended(134, 'Error', 'FATAL ERROR: … JavaScript heap out of memory') },
    { phase: 'failed', reason: 'OOMKilled', exitCode: 134 },
  ],
  ['that was killed', { state: ended(137) }, { reason: 'WorkerKilled', message: 'The worker was killed by signal 9.' }],
  ['that was deleted and killed', { state: ended(137), isDeleted: true }, { reason: 'WorkerKilled', message: /pod was deleted/ as never }],
  [
    'that had to give way',
    { state: ended(143), conditions: disrupted('PreemptionByScheduler', 'preempted') },
    { reason: 'Preempted', message: 'preempted' },
  ],
  ['that was drained', { state: ended(143), conditions: disrupted('EvictionByEvictionAPI') }, { phase: 'failed', reason: 'Evicted' }],
  ['whose node ran short', { state: ended(137, 'OOMKilled'), conditions: disrupted('TerminationByKubelet') }, { reason: 'Evicted' }],
  [
    'evicted before it started',
    { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
    { phase: 'failed', reason: 'Evicted', message: 'Evicted: The node was low on resource: memory.', exitCode: null },
  ],
  [
    'that filled its own disk, which the next one would too',
    { phase: 'Failed', reason: 'Evicted', message: 'Usage of EmptyDir volume "cache" exceeds the limit "5Gi". ' },
    {
      reason: 'WorkerKilled',
      message: 'Evicted: Usage of EmptyDir volume "cache" exceeds the limit "5Gi". Give the pool a larger cacheSize.',
    },
  ],
  ['refused by its node for its topology', { phase: 'Failed', reason: 'TopologyAffinityError', message: 'no' }, { reason: 'LaunchFailed' }],
  [
    'refused by its node for a reason that is new to us',
    { phase: 'Failed', reason: 'Novelty', message: 'not here' },
    { reason: 'WorkerKilled', message: 'Novelty: not here' },
  ],
  ['whose node was shut down', { phase: 'Failed', reason: 'Terminated', message: 'node shutdown' }, { reason: 'Evicted' }],
  [
    'whose node is unreachable',
    { phase: 'Running', state: { running: {} }, isDeleted: true, conditions: disrupted('DeletionByTaintManager') },
    { phase: 'failed', reason: 'NodeLost' },
  ],
  ['whose node is no more', { phase: 'Failed', conditions: disrupted('DeletionByPodGC') }, { phase: 'failed', reason: 'NodeLost' }],
  ['that its node had no room for', { phase: 'Failed', reason: 'OutOfnvidia.com/gpu', message: 'no GPU' }, { reason: 'LaunchFailed' }],
  ['that ran for too long', { phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long' }, { reason: 'DeadlineExceeded' }],
  [
    'whose program does not exist',
    { state: ended(128, 'StartError', 'exec: "x": not found') },
    { reason: 'LaunchFailed', logTail: ['exec: "x": not found'] },
  ],
  ['deleted before it had a node', { node: null, isDeleted: true }, { phase: 'failed', reason: 'WorkerKilled', exitCode: null }],
  ['deleted before its container was found', { state: ended(137, 'ContainerStatusUnknown'), isDeleted: true }, { reason: 'WorkerKilled' }],
  ['whose container was lost', { state: ended(137, 'ContainerStatusUnknown') }, { phase: 'failed', reason: 'NodeLost' }],
];

describe('readRankPhase', () => {
  it.each(CASES)('reads a pod %s', (_title, pod, { message, ...expected }) => {
    const phase = readRankPhase(makePod(pod));
    expect(phase).toMatchObject(expected);
    if ((message as unknown) instanceof RegExp) expect(phase.message).toMatch(message as unknown as RegExp);
    else if (message !== undefined) expect(phase.message).toBe(message);
  });

  it('reads times from a watch, which are text, as from a list', () => {
    const pod = makePod({ state: ended(0) });
    expect(readRankPhase(JSON.parse(JSON.stringify(pod)))).toEqual(readRankPhase(pod));
  });
});

import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { LABELS, RANK_FINALIZER } from './names.ts';
import { observeLaunch } from './observe-launch.ts';

const labels = { [LABELS.name]: 'ftjob-1-a1', [LABELS.jobId]: 'ftjob-1', [LABELS.attempt]: '1', [LABELS.epoch]: '1' };
const job = ({
  suspend = false,
  queue = 'team-a',
  status = {},
}: {
  suspend?: boolean;
  queue?: string | null;
  status?: V1Job['status'];
} = {}): V1Job => ({
  metadata: { labels: { ...labels, ...(queue === null ? {} : { 'kueue.x-k8s.io/queue-name': queue }) } },
  spec: { completions: 1, suspend, template: {} },
  ...(status && { status }),
});
const pod = (second: number, state: NonNullable<NonNullable<V1Pod['status']>['containerStatuses']>[0]['state']): V1Pod => ({
  metadata: {
    labels: { ...labels, [LABELS.rank]: '0' },
    finalizers: [RANK_FINALIZER],
    creationTimestamp: new Date(second * 1_000),
  },
  status: { containerStatuses: [{ name: 'worker', image: '', imageID: '', ready: true, restartCount: 0, ...(state && { state }) }] },
});
const killed = pod(1, { terminated: { exitCode: 143 } });
const preemption = { type: 'Evicted', status: 'True', reason: 'Preempted', message: 'Preempted to accommodate a workload' };

describe('a rank whose pod was ended by Kueue', () => {
  it("has been preempted, in Kueue's words", () => {
    const [rank] = observeLaunch({ job: job({ suspend: true }), pods: [killed], workload: { status: { conditions: [preemption] } } });
    expect(rank).toMatchObject({ phase: 'failed', reason: 'Preempted', message: `Preempted by Kueue: ${preemption.message}` });
  });

  it('stays ended when another pod runs in its place', () => {
    const pods = [pod(2, { running: {} }), killed];
    expect(observeLaunch({ job: job(), pods }).map(({ phase }) => phase)).toEqual(['failed']);
  });
});

it('whose pod the cluster refuses to make is pending, and says why', () => {
  const refusal = 'Error creating: pods "x" is forbidden: exceeded quota';
  expect(observeLaunch({ job: job({ queue: null }), pods: [], refusal })).toMatchObject([{ phase: 'pending', message: refusal }]);
});

it('that is being ended because its Job ran out of time says so while it still runs', () => {
  const late = {
    type: 'FailureTarget',
    status: 'True',
    reason: 'DeadlineExceeded',
    message: 'Job was active longer than specified deadline',
  };
  const [rank] = observeLaunch({ job: job({ status: { conditions: [late] } }), pods: [pod(1, { running: {} })] });
  expect(rank).toMatchObject({ phase: 'running', reason: 'DeadlineExceeded', message: late.message });
});

it('of two pods of a rank that live the newer one speaks for it', () => {
  const pods = [pod(1, { running: {} }), pod(2, { waiting: { reason: 'ImagePullBackOff' } })];
  expect(observeLaunch({ job: job(), pods })).toMatchObject([{ phase: 'pending', message: 'ImagePullBackOff' }]);
});

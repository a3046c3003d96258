import { setMaxListeners } from 'node:events';
import { type RankIdentity, StaleEpochError } from '@capstan/core';
import { connectWorker } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { CoreV1Api, type KubeConfig, PatchStrategy, type V1Pod } from '@kubernetes/client-node';
import { makeWorkerToken } from '../../apps/scheduler/src/worker-token.ts';
import { callOptions, orOn } from '../../packages/launcher/src/kubernetes/cluster-api.ts';
import { askAgain } from './ask-again.ts';
import type { SchedulerProcess } from './scheduler-process.ts';

interface SpeakerOptions {
  /** How long a worker works, once its pod runs. */
  runSeconds: number;
  config: KubeConfig;
}

/**
 * A simulated pod has no container, so this process speaks for each: a session of its own over gRPC from the pod's start to its end, with
 * assignment, readiness and heartbeats. Once the result is committed the container exits, as a kubelet would tell the API server.
 */
export function createSpeaker({ grpcAddress, workerTokenSecret }: SchedulerProcess, { runSeconds, config }: SpeakerOptions) {
  const core = config.makeApiClient(CoreV1Api);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const failures: unknown[] = [];
  const conversations = new Set<Promise<void>>();

  async function live(pod: V1Pod): Promise<void> {
    await speak(pod).catch((error: unknown) => {
      if (!(error instanceof StaleEpochError)) throw error;
    });
    // A worker that hears that its attempt is over exits as well.
    await exit(pod, core);
  }

  async function speak(pod: V1Pod): Promise<void> {
    const identity = identityOf(pod);
    const token = makeWorkerToken({ kind: 'train', ...identity }, workerTokenSecret);
    const { signal } = closing;
    const connection = connectWorker({ address: grpcAddress, token, identity, signal, clock: systemClock, random: Math.random });
    const endsAt = performance.now() + runSeconds * 1_000;
    await connection.assignment();
    connection.report({ type: 'ready', backend: 'simulated', detail: '' });
    await systemClock.sleep(Math.max(0, endsAt - performance.now()), { signal });
    if (identity.rank === 0) connection.report({ type: 'succeeded', model: [], trainedTokens: 1, result: RESULT });
    await connection.flushed();
    await connection.close();
  }

  return {
    onRunning(pod: V1Pod): void {
      const conversation = live(pod)
        .catch((error: unknown) => void (closing.signal.aborted || failures.push(error)))
        .finally(() => conversations.delete(conversation));
      conversations.add(conversation);
    },
    failures,
    async close() {
      closing.abort();
      await Promise.all(conversations);
    },
  };
}

const RESULT = { base: null, adapter: null, samples: [], generationTokensPerSecond: null, backend: 'simulated', peakMemoryBytes: null };

/** What a kubelet writes when the only container has exited with 0. A kubelet says it until it is heard; a pod that is gone meanwhile needs no end. */
async function exit({ metadata, spec, status }: V1Pod, core: CoreV1Api): Promise<void> {
  const containerStatuses = spec?.containers.map(({ name, image }) => ({
    ...{ name, image, imageID: '', ready: false, started: false, restartCount: 0 },
    state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: status?.startTime, finishedAt: new Date() } },
  }));
  const request = {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    body: { status: { phase: 'Succeeded', containerStatuses } },
  };
  const contentType = PatchStrategy.MergePatch;
  await askAgain(() => core.patchNamespacedPodStatus(request, callOptions({ contentType })).catch(orOn([404], null)));
}

function identityOf({ metadata }: V1Pod): RankIdentity {
  const label = (name: string) => metadata?.labels?.[name] ?? '';
  return {
    jobId: label('capstan.dev/job-id'),
    attempt: Number(label('capstan.dev/attempt')),
    epoch: Number(label('capstan.dev/epoch')),
    rank: Number(label('batch.kubernetes.io/job-completion-index')),
  };
}

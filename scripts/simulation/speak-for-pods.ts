import { setMaxListeners } from 'node:events';
import type { RankIdentity } from '@capstan/core';
import { connectWorker } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import type { V1Pod } from '@kubernetes/client-node';
import { makeWorkerToken } from '../../apps/scheduler/src/worker-token.ts';
import type { SchedulerProcess } from './scheduler-process.ts';

/** From a worker's result to the end of its pod. On a machine that carries a whole cluster either may come seconds late. */
const EXIT_SECONDS = 3;

/**
 * A simulated pod has no container, so this process speaks for each: a session of its own over gRPC from the pod's start to its end, with
 * assignment, readiness and heartbeats, and a result shortly before the pod ends.
 */
export function createSpeaker({ grpcAddress, workerTokenSecret }: SchedulerProcess, { runSeconds }: { runSeconds: number }) {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const failures: unknown[] = [];
  const conversations = new Set<Promise<void>>();

  async function speak(identity: RankIdentity): Promise<void> {
    const token = makeWorkerToken({ kind: 'train', ...identity }, workerTokenSecret);
    const { signal } = closing;
    const connection = connectWorker({ address: grpcAddress, token, identity, signal, clock: systemClock, random: Math.random });
    const endsAt = performance.now() + Math.max(0, runSeconds - EXIT_SECONDS) * 1_000;
    await connection.assignment();
    connection.report({ type: 'ready', backend: 'simulated', detail: '' });
    await systemClock.sleep(Math.max(0, endsAt - performance.now()), { signal });
    if (identity.rank === 0) connection.report({ type: 'succeeded', model: [], trainedTokens: 1, result: RESULT });
    await connection.flushed();
    await connection.close();
  }

  return {
    onRunning(pod: V1Pod): void {
      const conversation = speak(identityOf(pod))
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

function identityOf({ metadata }: V1Pod): RankIdentity {
  const label = (name: string) => metadata?.labels?.[name] ?? '';
  return {
    jobId: label('capstan.dev/job-id'),
    attempt: Number(label('capstan.dev/attempt')),
    epoch: Number(label('capstan.dev/epoch')),
    rank: Number(label('batch.kubernetes.io/job-completion-index')),
  };
}

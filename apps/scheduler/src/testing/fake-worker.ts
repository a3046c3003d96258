/**
 * A worker that trains nothing: it speaks the real protocol and behaves as the job's suffix says. Bundled by the fixtures and started by
 * the process launcher. Scripts: `steps <n>` succeeds after n steps, `endless` trains until it is told to stop, `crash` exits with 1,
 * `crash-once <n>` kills itself at step n of its first attempt, `memory` reports that it ran out of memory unless the micro-batch shrank,
 * `freeze-once <n>` falls silent at step n of its first attempt,
 * `gang <n>` sums a vector with the other ranks in each of n steps.
 */
import { readFileSync } from 'node:fs';
import { type Clock, type RankAssignment, StaleEpochError } from '@capstan/core';
import { connectServingWorker, connectWorker, type WorkerConnection } from '@capstan/proto';

const env = process.env as Record<string, string>;
const STEP_MS = 15;
const CHECKPOINT_EVERY = 5;
const clock: Clock = {
  now: () => new Date(),
  sleep: (ms, { signal } = {}) =>
    new Promise((resolve, reject) => {
      const abort = () => reject(signal?.reason);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, ms);
    }),
};
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
const options = {
  address: env.CAPSTAN_SCHEDULER_ADDRESS ?? '',
  token: readFileSync(env.CAPSTAN_TOKEN_FILE ?? '', 'utf8'),
  signal: new AbortController().signal,
  clock,
  random: Math.random,
};

async function loadState(connection: WorkerConnection, { checkpoints }: RankAssignment): Promise<number> {
  const [newest] = checkpoints;
  if (newest === undefined) return 0;
  const chunks: Uint8Array[] = [];
  for await (const chunk of connection.readArtifact(newest.state.sha256)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()).step;
}

async function saveState(connection: WorkerConnection, step: number): Promise<void> {
  const state = await connection.writeArtifact(Buffer.from(JSON.stringify({ step, job: env.CAPSTAN_JOB_ID })));
  connection.report({ type: 'checkpoint', step, state: { path: 'state.json', ...state }, adapter: [], metrics: { step } });
}

async function train(connection: WorkerConnection, assignment: RankAssignment): Promise<void> {
  const [script = '', count = '0'] = (assignment.spec.suffix ?? '').split(' ');
  if (script === 'crash') {
    console.error('Error: the fake worker was told to crash');
    process.exit(1);
  }
  const { microBatchSize, batchSize } = assignment.spec.training;
  if (script === 'memory' && microBatchSize === batchSize)
    connection.report({ type: 'failed', reason: 'BackendOutOfMemory', message: `No room for ${microBatchSize} rows.` });
  else await run(connection, assignment, { script, lastStep: script === 'endless' ? Number.POSITIVE_INFINITY : Number(count) });
  await connection.flushed();
}

async function run(connection: WorkerConnection, assignment: RankAssignment, { script, lastStep }: { script: string; lastStep: number }) {
  const first = (await loadState(connection, assignment)) + 1;
  connection.report({ type: 'log', level: 'info', message: `starts at step ${first}`, at: new Date() });
  connection.report({ type: 'ready', backend: 'fake', detail: '' });
  let step = first;
  const isFaulty = script.endsWith('-once');
  const gang = script === 'gang' ? connection.joinGang(assignment.worldSize) : null;
  for (; step <= lastStep + (isFaulty ? CHECKPOINT_EVERY : 0); step += 1) {
    if (stopping.signal.aborted) {
      await saveState(connection, step - 1);
      connection.report({ type: 'stopped', step: step - 1 });
      return;
    }
    const ranks = (await gang?.sum(Float32Array.of(1)))?.[0] ?? assignment.worldSize;
    if (ranks !== assignment.worldSize) throw new Error(`${ranks} ranks of ${assignment.worldSize} met.`);
    connection.report({
      ...{ type: 'step', step, epoch: step / 10, trainLoss: 1 / step, learningRate: 0.1, gradNorm: 1 },
      ...{ tokens: 8, tokensPerSecond: 100, memoryBytes: 1, elapsedMs: step, at: new Date() },
    });
    if (step % CHECKPOINT_EVERY === 0) {
      await saveState(connection, step);
      await connection.flushed();
    }
    if (isFaulty && assignment.attempt === 1 && step === lastStep)
      process.kill(process.pid, script === 'crash-once' ? 'SIGKILL' : 'SIGSTOP');
    await clock.sleep(STEP_MS);
  }
  const model = await connection.writeArtifact(Buffer.from(`adapter of ${assignment.jobId}`));
  const result = { base: null, adapter: null, samples: [], generationTokensPerSecond: null, backend: 'fake', peakMemoryBytes: null };
  connection.report({ type: 'succeeded', model: [{ path: 'adapter_model.safetensors', ...model }], trainedTokens: step, result });
}

async function trainRank(): Promise<void> {
  const [jobId = '', attempt, epoch, rank] = ['JOB_ID', 'ATTEMPT', 'EPOCH', 'RANK'].map((name) => env[`CAPSTAN_${name}`] ?? '');
  const connection = connectWorker({ ...options, identity: { jobId, attempt: Number(attempt), epoch: Number(epoch), rank: Number(rank) } });
  connection.ended.addEventListener('abort', () => process.exit(connection.ended.reason instanceof StaleEpochError ? 0 : 2));
  const assignment = await connection.assignment();
  void (async () => {
    for await (const command of connection.commands) if (command.type === 'stop') stopping.abort();
  })();
  await train(connection, assignment);
  process.exit(0);
}

async function serve(): Promise<void> {
  const connection = connectServingWorker(options);
  connection.ended.addEventListener('abort', () => process.exit(0));
  for await (const asked of connection.requests) {
    const { request } = asked;
    const prompt = 'prompt' in request.input ? request.input.prompt : '';
    if (prompt === 'crash') process.exit(1);
    for (const text of prompt.split(' ')) {
      await clock.sleep(prompt.startsWith('slow') ? 200 : 1);
      await asked.send({ type: 'token', text });
    }
    await asked.send({ type: 'done', finishReason: 'stop', promptTokens: 1, completionTokens: 1, tokensPerSecond: process.pid });
  }
}

if (env.CAPSTAN_KIND === 'serve') void serve();
else void trainRank();

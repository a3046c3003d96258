// The reporting side of bench-ingest.ts, in a process of its own: told by its parent what to send, it answers how long it took.
import type { RankIdentity } from '@capstan/core';
import { connectWorker } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { makeStepReport } from '@capstan/testing';
import { credentials } from '@grpc/grpc-js';
import { reportToProto } from '../packages/proto/src/convert/report.ts';
import { WorkerServiceClient } from '../packages/proto/src/gen/lora/v1/worker.ts';

export interface RankTask {
  /** `worker` speaks as a rank does; `bare` only writes batches on grpc-js and counts the acknowledgements. */
  kind: 'worker' | 'bare';
  address: string;
  records: number;
  ranks: { identity: RankIdentity; token: string }[];
}

/** As many as a rank's client puts into one message. */
const BATCH = 500;

process.once('message', (task: RankTask) => void run(task));

async function run(task: RankTask): Promise<void> {
  const seconds = task.kind === 'worker' ? await reportAsRanks(task) : await writeBatches(task);
  process.send?.({ seconds }, undefined, {}, () => process.exit(0));
}

async function reportAsRanks({ address, records, ranks }: RankTask): Promise<number> {
  const { signal } = new AbortController();
  const connections = ranks.map((rank) => connectWorker({ ...rank, address, signal, clock: systemClock, random: Math.random }));
  await Promise.all(connections.map((connection) => connection.assignment()));
  const startedAt = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let step = 1; step <= records; step += 1) {
        connection.report(makeStepReport(step));
        // A rank has other things to do between its steps; without a pause nothing would be sent before the last report.
        if (step % BATCH === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await connection.flushed();
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all(connections.map((connection) => connection.close()));
  return seconds;
}

async function writeBatches({ address, records, ranks }: RankTask): Promise<number> {
  const clients = ranks.map(() => new WorkerServiceClient(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }));
  await Promise.all(clients.map((client) => new Promise((resolve) => client.waitForReady(Date.now() + 10_000, resolve))));
  const startedAt = performance.now();
  await Promise.all(clients.map((client, rank) => writeSession(client, ranks[rank]?.identity, records)));
  const seconds = (performance.now() - startedAt) / 1000;
  for (const client of clients) client.close();
  return seconds;
}

function writeSession(client: WorkerServiceClient, identity: RankIdentity | undefined, records: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = client.session();
    call.on('error', reject);
    call.on('data', ({ message }) => {
      if (message?.$case === 'acknowledgement' && message.value.sequence >= records) resolve();
    });
    void (async () => {
      for (let first = 1; first <= records; first += BATCH) {
        const batch = Array.from({ length: BATCH }, (_, index) =>
          reportToProto({ sequence: first + index, report: makeStepReport(first + index) }),
        );
        if (!call.write({ identity, message: { $case: 'batch', value: { records: batch } } }))
          await new Promise((drained) => call.once('drain', drained));
      }
    })();
  });
}

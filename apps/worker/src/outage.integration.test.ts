import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectWorker, type GrpcServer, startGrpcServer } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { makeStepReport } from '@capstan/testing';
import { expect, it } from 'vitest';
import { createSpillFile } from './training/spill-file.ts';

const REPORTS = 200_000;
const identity = { jobId: 'ftjob-test', attempt: 1, epoch: 1, rank: 0 };

/** Notes the steps that it is told of, and promises what the database promises about sequences. */
function startServer(port: number, steps: number[]): Promise<GrpcServer> {
  const unasked = () => {
    throw new Error('nobody asks for this');
  };
  return startGrpcServer({
    address: `127.0.0.1:${port}`,
    authenticate: async () => ({ kind: 'rank', identity }),
    artifacts: { read: unasked, write: unasked },
    onServingSession: unasked,
    onGenerate: unasked,
    async onWorkerSession(session) {
      for await (const { reports } of session.batches) {
        for (const { sequence, report } of reports) {
          if (sequence > steps.length + 1) throw new Error(`gap before ${sequence}`);
          if (sequence === steps.length + 1 && report.type === 'step') steps.push(report.step);
        }
        session.ack(steps.length);
      }
    },
  });
}

it('200,000 reports wait on disk while the scheduler is away, and arrive once and in order', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-outage-'));
  const path = join(directory, 'reports');
  const file = createSpillFile(path);
  let spilt = 0;
  const append = (record: Uint8Array) => {
    file.append(record);
    spilt += 1;
  };
  const steps: number[] = [];
  const first = await startServer(0, steps);
  const { port } = first;
  const connection = connectWorker({
    ...{ address: `127.0.0.1:${port}`, token: 'token', identity, spill: { ...file, append } },
    ...{ clock: systemClock, random: () => 0, signal: new AbortController().signal },
  });
  connection.report(makeStepReport(1));
  await connection.flushed();
  await first.close();
  for (let step = 2; step <= REPORTS; step += 1) connection.report(makeStepReport(step));
  // All but the window that memory holds.
  expect(spilt).toBeGreaterThan(REPORTS - 20_000);
  const second = await startServer(port, steps);
  await connection.flushed();
  expect(steps).toEqual(Array.from({ length: REPORTS }, (_, index) => index + 1));
  expect((await stat(path)).size).toBe(0);
  await connection.close();
  file.close();
  await second.close();
  await rm(directory, { recursive: true });
});

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@capstan/core';
import { connectWorker, type GrpcServer, startGrpcServer } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { makeStepReport } from '@capstan/testing';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT_STATUS } from './failure.ts';
import { startTestScheduler } from './test-scheduler.ts';
import { train } from './train.ts';
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
  await rm(directory, { recursive: true, maxRetries: 10 });
});

it('training goes on while checkpoints cannot be stored, and the newest are stored once they can', { timeout: 90_000 }, async () => {
  const scheduler = await startTestScheduler({ totalSteps: 40, checkpointEverySteps: 4, evalEverySteps: 0 });
  onTestFinished(() => scheduler.close());
  const isBack = new Promise<void>((resolve) => {
    scheduler.onReport = (report) => {
      if (report.type === 'step' && report.step === 30) resolve();
    };
  });
  scheduler.beforeWrite = () => isBack;
  // Patience is short here: nobody waits for seconds.
  const sleep: Clock['sleep'] = (ms, options) => systemClock.sleep(ms / 50, options);
  expect(await train(scheduler.host({ clock: { now: systemClock.now, sleep } }))).toBe(EXIT_STATUS.success);
  expect(scheduler.of('step').map(({ step }) => step)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  const saved = scheduler.of('checkpoint').map(({ step }) => step);
  expect(saved[0]).toBe(4);
  // Those in between gave way to newer ones, as the job's log says.
  expect(saved).not.toContain(8);
  expect(saved.at(-1)).toBe(40);
  expect(scheduler.of('log').map(({ message }) => message)).toContain('The checkpoint of step 8 could not be stored before the next one.');
  expect(scheduler.reports.at(-1)?.type).toBe('succeeded');
});

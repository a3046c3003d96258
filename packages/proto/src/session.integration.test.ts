import { getEventListeners } from 'node:events';
import { StaleEpochError, type WorkerReport } from '@capstan/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { WorkerSession } from './index.ts';
import { assignment, clock, closeAll, connect, identity, makeReportStore, startServer } from './test-fixtures.ts';

afterEach(closeAll);

const log = (message: string): WorkerReport => ({ type: 'log', level: 'info', message, at: new Date(0) });

describe('a session', () => {
  it('hands out the assignment, takes reports in order, passes commands down and beats its heart', async () => {
    const store = makeReportStore();
    let heartbeats = 0;
    const server = await startServer(async (session) => {
      session.sendAssignment(assignment);
      session.command({ type: 'checkpoint' });
      session.command({ type: 'stop', reason: 'pause' });
      for await (const { reports } of session.batches) {
        if (reports.length === 0) heartbeats += 1;
        else session.ack(store.append(reports));
      }
    });
    const worker = connect(server.port);
    expect(await worker.assignment()).toEqual(assignment);
    const reports: WorkerReport[] = [
      { type: 'phase', phase: 'training' },
      { type: 'ready', backend: 'wasm', detail: 'why' },
      {
        type: 'step',
        step: 1,
        epoch: 0.5,
        trainLoss: 2.5,
        learningRate: 1e-3,
        gradNorm: 1,
        tokens: 100,
        tokensPerSecond: 50.5,
        memoryBytes: 2 ** 33,
        elapsedMs: 1200,
        at: new Date(1_700_000_000_123),
      },
      { type: 'evaluation', step: 1, evalLoss: 2, tokenAccuracy: 0.5, at: new Date(5) },
      {
        type: 'baseEvaluation',
        figures: { loss: 1, tokenAccuracy: 0.1, rouge1: 0.2, rouge2: 0.3, rougeL: 0.4, rougeLsum: 0.5, rows: 5 },
        outputs: ['a', ''],
      },
      { type: 'checkpoint', step: 1, state: assignment.trainingFile, adapter: assignment.baseModel, metrics: { evalLoss: 2 } },
      log('hello'),
      { type: 'failed', reason: 'OOMKilled', message: 'm' },
      { type: 'stopped', step: 4 },
      {
        type: 'succeeded',
        model: assignment.baseModel,
        trainedTokens: 7,
        result: { base: null, adapter: null, samples: [], generationTokensPerSecond: null, backend: 'wasm', peakMemoryBytes: 5 },
      },
    ];
    for (const report of reports) worker.report(report);
    await worker.flushed();
    expect(store.committed.map(({ report }) => report)).toEqual(reports);
    const commands: unknown[] = [];
    for await (const command of worker.commands) if (commands.push(command) === 2) break;
    expect(commands).toEqual([{ type: 'checkpoint' }, { type: 'stop', reason: 'pause' }]);
    await expect.poll(() => heartbeats).toBeGreaterThanOrEqual(3);
  });

  it('sends 2,000 reports in a few batches of at most 500', async () => {
    const store = makeReportStore();
    const sizes: number[] = [];
    const server = await startServer(async (session) => {
      for await (const { reports } of session.batches) {
        sizes.push(reports.length);
        session.ack(store.append(reports));
      }
    });
    const worker = connect(server.port);
    for (let index = 0; index < 2000; index += 1) worker.report(log(String(index)));
    await worker.flushed();
    expect(store.committed.map(({ report }) => report.type === 'log' && report.message)).toEqual(
      Array.from({ length: 2000 }, (_, index) => String(index)),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect(sizes.length).toBeLessThanOrEqual(6);
  });
});

describe('a refusal', () => {
  it('of a wrong token ends the connection for good as unauthenticated', async () => {
    const server = await startServer(async () => {});
    const worker = connect(server.port, { token: 'wrong' });
    await expect(worker.assignment()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(() => worker.report(log('x'))).toThrow('The token is not valid.');
  });

  it('of a stale epoch ends the connection for good, wherever the scheduler notices', async () => {
    let sessions = 0;
    const server = await startServer(async (session) => {
      sessions += 1;
      session.sendAssignment(assignment);
      for await (const { reports } of session.batches) if (reports.length > 0) throw new StaleEpochError('Epoch 3 is over.');
    });
    const worker = connect(server.port);
    await worker.assignment();
    worker.report(log('late'));
    await expect(worker.flushed()).rejects.toBeInstanceOf(StaleEpochError);
    await expect(worker.commands[Symbol.asyncIterator]().next()).rejects.toThrow('Epoch 3 is over.');
    expect(sessions).toBe(1);
  });

  it('by another job’s identity is a permission error', async () => {
    const server = await startServer(async () => {});
    const worker = connect(server.port, { identity: { ...identity, epoch: 2 } });
    await expect(worker.assignment()).rejects.toMatchObject({ code: 'permission_denied' });
  });

  it('of a report beyond the message limit is an error at once and harms no other report', async () => {
    const store = makeReportStore();
    const server = await startServer(async (session) => {
      for await (const { reports } of session.batches) session.ack(store.append(reports));
    });
    const worker = connect(server.port);
    expect(() => worker.report(log('x'.repeat(4 * 1024 * 1024)))).toThrow(/does not fit/);
    worker.report(log('y'.repeat(3 * 1024 * 1024)));
    worker.report(log('z'.repeat(3 * 1024 * 1024)));
    await worker.flushed();
    expect(store.committed.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });
});

describe('a lost scheduler', () => {
  it('restarted on the same port mid-stream gets every report exactly once and in order', async () => {
    const store = makeReportStore();
    // Every acknowledgement is lost, as when a scheduler dies between commit and answer.
    const serve = async (session: WorkerSession) => {
      session.sendAssignment(assignment);
      for await (const { reports } of session.batches) store.append(reports);
    };
    const first = await startServer(serve);
    const worker = connect(first.port);
    let sent = 0;
    const send = async (count: number) => {
      for (const until = sent + count; sent < until; sent += 1) {
        worker.report(log(String(sent)));
        if (sent % 20 === 0) await clock.sleep(5);
      }
    };
    await send(400);
    await first.close();
    await send(200);
    const second = await startServer(serve, first.port);
    await send(400);
    await expect.poll(() => store.committed.length, { timeout: 10_000 }).toBeGreaterThan(700);
    await second.close();
    await startServer(async (session) => {
      for await (const { reports } of session.batches) session.ack(store.append(reports));
    }, first.port);
    await worker.flushed();
    expect(store.committed.map(({ report }) => report.type === 'log' && report.message)).toEqual(
      Array.from({ length: 1000 }, (_, index) => String(index)),
    );
    expect(store.repeats()).toBeGreaterThan(0);
  });

  it('sees its batches end when the worker goes', async () => {
    let over: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      over = resolve;
    });
    const server = await startServer(async (session) => {
      session.sendAssignment(assignment);
      for await (const batch of session.batches) expect(batch.reports).toEqual([]);
      await session.closed;
      over();
    });
    const worker = connect(server.port);
    await worker.assignment();
    await worker.close();
    await ended;
  });
});

it('a worker whose signal aborts leaves no listener behind and no process handle', async () => {
  const server = await startServer(async (session) => {
    session.sendAssignment(assignment);
    for await (const { reports } of session.batches) session.ack(reports.length > 0 ? 1 : 0);
  });
  const controller = new AbortController();
  const worker = connect(server.port, { signal: controller.signal });
  await worker.assignment();
  worker.report(log('one'));
  await worker.flushed();
  worker.report(log('never acknowledged'));
  const flushing = worker.flushed();
  controller.abort(new StaleEpochError('enough'));
  await expect(flushing).rejects.toThrow('enough');
  await expect(worker.assignment()).resolves.toEqual(assignment);
  await worker.close();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  expect(getEventListeners(worker.ended, 'abort')).toHaveLength(0);
});

import { afterEach, expect, it } from 'vitest';
import type { WorkerSession } from './index.ts';
import { assignment, closeAll, connect, makeReportStore, startServer } from './test-fixtures.ts';

afterEach(closeAll);

async function serve(session: WorkerSession, store = makeReportStore()): Promise<void> {
  session.sendAssignment(assignment);
  for await (const { reports } of session.batches) if (reports.length > 0) session.ack(store.append(reports));
}

it('a worker goes on with the next scheduler when the first goes away, and sends again what was not acknowledged', async () => {
  const store = makeReportStore();
  const first = await startServer(async (session) => {
    session.sendAssignment(assignment);
    for await (const { reports } of session.batches) if (reports.length > 0) store.append(reports);
  });
  const second = await startServer((session) => serve(session, store));
  const worker = connect(first.port, { others: [second.port] });
  await worker.assignment();
  worker.report({ type: 'phase', phase: 'training' });
  await expect.poll(() => store.committed.length).toBe(1);
  await first.close();
  worker.report({ type: 'phase', phase: 'evaluating' });
  await worker.flushed();
  expect(store.committed.map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect(store.repeats()).toBe(1);
});

it('a worker whose first scheduler is gone already starts with the next', async () => {
  const gone = await startServer(serve);
  await gone.close();
  const second = await startServer((session) => serve(session));
  const worker = connect(gone.port, { others: [second.port] });
  expect(await worker.assignment()).toEqual(assignment);
});

it('ranks meet at the first scheduler or not at all, so that none waits for another elsewhere', async () => {
  const gone = await startServer(serve);
  await gone.close();
  const second = await startServer((session) => serve(session));
  const worker = connect(gone.port, { others: [second.port] });
  await worker.assignment();
  const gang = worker.joinGang(2);
  await expect(gang.sum(new Float32Array(1))).rejects.toMatchObject({ code: 'unavailable' });
});

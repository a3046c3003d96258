import { createTestAuthority, type TestAuthority } from '@capstan/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClientTls, ServerTls, WorkerSession } from './index.ts';
import { assignment, closeAll, connect, makeReportStore, startServer } from './test-fixtures.ts';

const NAME = 'scheduler.capstan.svc.cluster.local';
let ours: TestAuthority;
let theirs: TestAuthority;
let right: ServerTls;

beforeAll(async () => {
  ours = await createTestAuthority();
  theirs = await createTestAuthority();
  right = await ours.sign(NAME);
});
afterEach(closeAll);

async function serve(session: WorkerSession, store = makeReportStore()): Promise<void> {
  session.sendAssignment(assignment);
  for await (const { reports } of session.batches) if (reports.length > 0) session.ack(store.append(reports));
}

describe('a worker that was given an authority', () => {
  const trusting = ({ certificate }: TestAuthority, serverName: string): { tls: ClientTls } => ({
    tls: { authority: certificate, serverName },
  });

  it('speaks to a scheduler whose certificate it has signed, by its name, whatever the address', async () => {
    const store = makeReportStore();
    const server = await startServer((session) => serve(session, store), 0, { tls: right });
    const worker = connect(server.port, trusting(ours, NAME));
    expect(await worker.assignment()).toEqual(assignment);
    worker.report({ type: 'phase', phase: 'training' });
    await worker.flushed();
    expect(store.committed).toHaveLength(1);
  });

  it('refuses one that another authority has signed, for good and in words that help', async () => {
    const server = await startServer(serve, 0, { tls: right });
    const worker = connect(server.port, trusting(theirs, NAME));
    await expect(worker.assignment()).rejects.toMatchObject({
      code: 'unauthenticated',
      reason: 'scheduler_untrusted',
      message: expect.stringMatching(/^The scheduler at 127\.0\.0\.1:\d+ does not show a certificate that the given authority has signed/),
    });
  });

  it('refuses one that has another name', async () => {
    const server = await startServer(serve, 0, { tls: right });
    const worker = connect(server.port, trusting(ours, 'elsewhere.example.com'));
    await expect(worker.assignment()).rejects.toMatchObject({ reason: 'scheduler_untrusted' });
  });

  it('refuses one that speaks in the clear', async () => {
    const server = await startServer(serve);
    const worker = connect(server.port, trusting(ours, NAME));
    await expect(worker.assignment()).rejects.toMatchObject({ reason: 'scheduler_untrusted' });
  });

  it('takes a wrong certificate for an outage once it has spoken to the scheduler', async () => {
    const store = makeReportStore();
    const first = await startServer((session) => serve(session, store), 0, { tls: right });
    const worker = connect(first.port, trusting(ours, NAME));
    await worker.assignment();
    await first.close();
    const wrong = await startServer(serve, first.port, { tls: await theirs.sign(NAME) });
    worker.report({ type: 'phase', phase: 'training' });
    await expect(Promise.race([worker.flushed(), new Promise((resolve) => setTimeout(resolve, 500, 'waits'))])).resolves.toBe('waits');
    await wrong.close();
    await startServer((session) => serve(session, store), first.port, { tls: right });
    await worker.flushed();
    expect(store.committed).toHaveLength(1);
  });
});

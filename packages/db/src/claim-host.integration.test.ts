import { createTestDatabase, type TestDatabase } from '@capstan/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimHost, type HostClaim } from './claim-host.ts';

describe('the local processes of a database', () => {
  let database: TestDatabase;
  const claims: HostClaim[] = [];
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    for (const claim of claims.splice(0)) await claim.release();
    await database.drop();
  });

  async function claim(hostId: number): Promise<HostClaim> {
    const held = await claimHost(database.url, hostId);
    claims.push(held);
    return held;
  }

  it('belong to one host, whose processes hold them side by side, until the last has let go', async () => {
    const [first, second] = [await claim(7), await claim(7)];
    await expect(claim(8)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('RUNS_DIR') });
    await first.release();
    await expect(claim(8)).rejects.toMatchObject({ code: 'conflict' });
    await second.release();
    await claim(8);
    await expect(claim(7)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('are given to one of several hosts that ask at once', async () => {
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(claim));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('are lost with the session, which says so', async () => {
    const { lost } = await claim(7);
    expect(lost.aborted).toBe(false);
    await database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'capstan-host'");
    await expect.poll(() => lost.aborted).toBe(true);
    await claim(8);
  });

  it('of another database are another matter', async () => {
    const other = await createTestDatabase();
    await claim(7);
    const held = await claimHost(other.url, 8);
    await held.release();
    await other.drop();
  });
});

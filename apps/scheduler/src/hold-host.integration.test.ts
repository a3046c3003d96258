import { claimHost, type HostClaim } from '@capstan/db';
import { createLogger, systemClock } from '@capstan/runtime';
import { createTestDatabase, type TestDatabase } from '@capstan/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HeldHost, holdHost } from './hold-host.ts';

const LOSE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'capstan-host'";

describe('the claim on local workers', () => {
  let database: TestDatabase;
  let held: HeldHost;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await held.release();
    await database.drop();
  });

  const hold = async (claim: () => Promise<HostClaim>) => {
    held = await holdHost(claim, { clock: systemClock, logger: createLogger({ name: 'scheduler', level: 'silent' }) });
    return held.refused;
  };

  it('is made again when its session was lost', async () => {
    let claims = 0;
    const refused = await hold(async () => {
      const claim = await claimHost(database.url, 1);
      claims += 1;
      return claim;
    });
    await database.execute(LOSE);
    await expect.poll(() => claims).toBe(2);
    await expect(claimHost(database.url, 2)).rejects.toMatchObject({ code: 'conflict' });
    expect(refused.aborted).toBe(false);
  });

  it('ends the scheduler where another machine was faster', async () => {
    const others: HostClaim[] = [];
    let isFirst = true;
    const refused = await hold(async () => {
      if (!isFirst) others.push(await claimHost(database.url, 2));
      isFirst = false;
      return claimHost(database.url, 1);
    });
    await database.execute(LOSE);
    await expect.poll(() => refused.aborted).toBe(true);
    for (const other of others) await other.release();
  });
});

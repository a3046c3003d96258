import { expect, it } from 'vitest';
import { runOutage } from './run-outage.ts';

it('each service may be away: workers train on, clients are told to come back, and every job ends well', { timeout: 900_000 }, async () => {
  const { trainedMeanwhile, problems } = await runOutage({ seconds: 10, env: process.env, announce: () => undefined });
  expect(problems).toEqual([]);
  expect(Object.keys(trainedMeanwhile)).toEqual(expect.arrayContaining(['postgres', 'scheduler', 'api']));
});

import { FailureReason } from '../../packages/proto/src/gen/lora/v1/report.ts';
import type { FuzzTools } from './run-one.ts';
import { batch, hello, identityOf, WORKER_SESSION } from './worker-calls.ts';

const FAILED_PRECONDITION = 9;
const RECORDS = ['', '/events?limit=100', '/metrics', '/logs?limit=2000', '/checkpoints?limit=100'];

/**
 * After all that was reported in its name the played job can still be read; then its attempt ends by a report, and whatever comes with
 * its token after that, the same report once more included, is refused as stale.
 */
export async function endPlayedRank(
  { world, grpc }: FuzzTools,
  { baseUrl, apiKey }: { baseUrl: string; apiKey: string },
): Promise<string[]> {
  const { rank } = world;
  const reads = RECORDS.map(async (records) => {
    const response = await fetch(`${baseUrl}/fine_tuning/jobs/${rank.jobId}${records}`, { headers: { authorization: `Bearer ${apiKey}` } });
    return response.ok ? [] : [`GET …/${rank.jobId}${records} answers ${response.status}: ${await response.text()}`];
  });
  const problems = (await Promise.all(reads)).flat();
  const me = identityOf(rank);
  const failed = { $case: 'failed' as const, value: { reason: FailureReason.DATASET_INVALID, message: 'The game is over.' } };
  const ending = Buffer.concat([hello(me), batch(me, [{ sequence: rank.next, report: failed }])]);
  const end = {
    kind: 'ending',
    path: WORKER_SESSION,
    headers: { authorization: `Bearer ${rank.token}` },
    data: ending,
    leaveAfterMs: 10_000,
  };
  const first = await grpc.send(end);
  if (first.status !== 0) problems.push(`The report that ends the attempt is answered with status ${first.status}, "${first.message}".`);
  const again = await grpc.send(end);
  if (again.status !== FAILED_PRECONDITION)
    problems.push(`The same report once more is answered with status ${again.status}, "${again.message}".`);
  return problems;
}

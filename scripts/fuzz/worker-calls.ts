import { SessionRequest } from '../../packages/proto/src/gen/lora/v1/worker.ts';
import type { FuzzWorld, PlayedRank } from './fuzz-world.ts';
import { oddReport } from './odd-reports.ts';
import { oddText } from './odd-values.ts';
import type { Random } from './random.ts';
import { frame, type GrpcCall } from './send-grpc.ts';

export const WORKER_SESSION = '/lora.v1.WorkerService/Session';
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const OVERSIZE_BYTES = 5 * 1024 * 1024;

type Identity = NonNullable<SessionRequest['identity']>;
type Records = Extract<SessionRequest['message'], { $case: 'batch' }>['value']['records'];

export function identityOf({ jobId, attempt, epoch }: PlayedRank, changes: Partial<Identity> = {}): Identity {
  return { jobId, attempt, epoch, rank: 0, ...changes };
}

export function hello(identity: Identity | undefined): Buffer {
  return frame(SessionRequest.encode({ identity, message: { $case: 'hello', value: {} } }).finish());
}

export function batch(identity: Identity, records: Records): Buffer {
  return frame(SessionRequest.encode({ identity, message: { $case: 'batch', value: { records } } }).finish());
}

function call(rank: PlayedRank, kind: string, data: Buffer[], expected?: number[]): GrpcCall {
  const headers = { authorization: `Bearer ${rank.token}` };
  return { kind, path: WORKER_SESSION, headers, data: Buffer.concat(data), ...(expected ? { expected } : {}), leaveAfterMs: 10_000 };
}

/** Conversations of the played rank that break the rules one at a time. Reports that would end the attempt are left out: the game would be over. */
export function makeWorkerCall(world: FuzzWorld, random: Random): GrpcCall {
  const { rank, foreign } = world;
  const me = identityOf(rank);
  const log = (sequence: number) => ({
    sequence,
    report: { $case: 'log' as const, value: { level: 1 as const, message: 'x', at: new Date() } },
  });
  const say = (kind: string, records: Records, expected?: number[]) => call(rank, kind, [hello(me), batch(me, records)], expected);
  switch (random.below(13)) {
    case 0:
      return call(rank, 'old epoch', [hello(identityOf(rank, { epoch: rank.epoch - 1 }))], [PERMISSION_DENIED]);
    case 1:
      return call(rank, 'job of another project', [hello(identityOf(rank, { jobId: foreign.jobs[0] ?? '' }))], [PERMISSION_DENIED]);
    case 2:
      return call(
        rank,
        'epoch changes',
        [hello(me), batch(identityOf(rank, { epoch: rank.epoch + 1 }), [log(rank.next)])],
        [PERMISSION_DENIED],
      );
    case 3:
      return call(rank, 'rank that was never launched', [
        hello(identityOf(rank, { rank: 7 })),
        batch(identityOf(rank, { rank: 7 }), [log(1)]),
      ]);
    case 4:
      return call(rank, 'no identity', [hello(undefined)], [INVALID_ARGUMENT]);
    case 5:
      return call(rank, 'no hello', [batch(me, [log(rank.next)])], [INVALID_ARGUMENT]);
    case 6:
      return say('gap', [log(rank.next + 1 + random.below(1_000_000))], [INVALID_ARGUMENT]);
    case 7:
      return say('replay', rank.next > 1 ? [log(1 + random.below(rank.next - 1))] : [log(1), log(1)]);
    case 8:
      return say('wrong numbers', [log(random.pick([0, -1, -2_147_483_649, Number.MAX_SAFE_INTEGER]))], [INVALID_ARGUMENT]);
    case 9:
      return call(rank, 'oversize message', [hello(me), frame(Buffer.alloc(OVERSIZE_BYTES))], [RESOURCE_EXHAUSTED]);
    case 10:
      return call(
        rank,
        'odd identity',
        [hello({ jobId: oddText(random), attempt: -1, epoch: 2_147_483_647, rank: -2_147_483_648 })],
        [PERMISSION_DENIED],
      );
    case 11: {
      const stolen = { path: 'state', sha256: random.pick(foreign.hashes), bytes: 1 };
      const checkpoint = { step: 1, state: stolen, adapter: random.chance(0.5) ? [stolen] : [], metrics: {} };
      return say(
        'checkpoint of foreign content',
        [{ sequence: rank.next, report: { $case: 'checkpoint', value: checkpoint } }],
        [NOT_FOUND],
      );
    }
    default:
      return say('odd report', [{ sequence: rank.next, report: oddReport(world, random) }]);
  }
}

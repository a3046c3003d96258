import type { FuzzWorld } from './fuzz-world.ts';
import { bearer, GRPC_PATHS } from './grpc-paths.ts';
import type { Random } from './random.ts';
import { frame, type GrpcCall } from './send-grpc.ts';

const UNIMPLEMENTED = 12;

/** Bytes in place of messages, and headers in place of gRPC's. */
export function makeBrokenCall(world: FuzzWorld, random: Random): GrpcCall {
  const token = random.pick([world.rank.token, world.internalToken, 'none']);
  const path = random.chance(0.8)
    ? random.pick(GRPC_PATHS.filter((candidate) => !candidate.endsWith('/Generate')))
    : random.pick(['/', '/x', '/lora.v1.WorkerService/Nope', '/lora.v1.Nope/Session', '/../x']);
  const bytes = random.bytes(random.below(300));
  const broken: [kind: string, data: Buffer, headers?: Record<string, string>, expected?: number[]][] = [
    ['random message', frame(bytes)],
    ['random frame', bytes],
    ['length never reached', Buffer.from([0, 0, 0, 1, 0, 1, 2])],
    ['length of 4 GiB', Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1])],
    ['compressed without an encoding', frame(bytes, 1)],
    ['compressed with nonsense', frame(bytes, 1), { 'grpc-encoding': 'gzip' }],
    ['unknown encoding', frame(bytes, 1), { 'grpc-encoding': 'zebra' }],
    ['odd flag', frame(bytes, 7)],
    ['nothing', Buffer.alloc(0)],
    ['nested groups', frame(Buffer.alloc(3_000, 0x0b))],
    ['a thousand messages', Buffer.concat(Array.from({ length: 1_000 }, () => frame(bytes.subarray(0, 4))))],
    ['odd timeout', frame(bytes), { 'grpc-timeout': random.pick(['x', '0n', '99999999H', '-1S']) }],
    [
      'odd content type',
      frame(bytes),
      { 'content-type': random.pick(['text/plain', 'application/grpc+json', 'application/grpc-web', 'x']) },
    ],
    ['binary metadata', frame(bytes), { 'x-bin': '!!!!', 'grpc-trace-bin': 'AA' }],
  ];
  const [kind, data, headers = {}, expected] = random.pick(broken);
  const known = GRPC_PATHS.some((candidate) => candidate === path);
  const wanted = known || headers['content-type'] ? expected : [UNIMPLEMENTED];
  return { kind, path, headers: { ...bearer(token), ...headers }, data, ...(wanted ? { expected: wanted } : {}), leaveAfterMs: 3_000 };
}

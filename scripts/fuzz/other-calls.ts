import { makeWorkerToken } from '../../apps/scheduler/src/worker-token.ts';
import { ReadRequest, WriteRequest } from '../../packages/proto/src/gen/lora/v1/artifact.ts';
import { GenerateRequest, ServeRequest } from '../../packages/proto/src/gen/lora/v1/inference.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import { bearer, GRPC_PATHS } from './grpc-paths.ts';
import { oddText } from './odd-values.ts';
import type { Random } from './random.ts';
import { frame, type GrpcCall } from './send-grpc.ts';

const [SESSION, READ, WRITE, GENERATE, SERVE] = GRPC_PATHS;
const LEAVE_MS = 10_000;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNAUTHENTICATED = 16;

/** Calls with no, broken, forged, outdated and misplaced tokens. */
export function makeTokenCall(world: FuzzWorld, random: Random): GrpcCall {
  const { jobId, attempt, epoch, token } = world.rank;
  const signed = (changes: object, secret = world.workerTokenSecret) =>
    makeWorkerToken({ kind: 'train', jobId, attempt, epoch, ...changes }, secret);
  const forge = (kind: string, given: string, expected: number[]): GrpcCall => ({
    kind,
    path: random.pick([SESSION, READ, WRITE]),
    headers: bearer(given),
    data: frame(Buffer.alloc(0)),
    expected,
    leaveAfterMs: LEAVE_MS,
  });
  const refused = [UNAUTHENTICATED];
  return random.pick([
    { ...forge('no token', '', refused), headers: {}, path: random.pick(GRPC_PATHS) },
    {
      ...forge('odd token', '', refused),
      headers: { authorization: random.pick(['Bearer', 'Basic x', 'x'.repeat(5_000), `Bearer ${token}.`, 'Bearer train.a.1.1']) },
    },
    forge('forged token', signed({}, 'f'.repeat(32)), refused),
    forge('changed token', token.replace('train.', 'serve.'), refused),
    forge('signature cut', token.slice(0, -2), refused),
    forge('token of a job that waits', signed({ jobId: world.foreign.jobs[0] }), [FAILED_PRECONDITION]),
    forge('expired token', signed({ epoch: epoch - 1 }), [FAILED_PRECONDITION]),
    forge('token of a later attempt', signed({ attempt: attempt + 1, epoch: epoch + 1 }), [FAILED_PRECONDITION]),
    forge('token of an attempt beyond numbers', signed({ attempt: 999_999_999 }), [FAILED_PRECONDITION]),
    { ...forge("a rank's token to generate", token, [PERMISSION_DENIED]), path: random.pick([GENERATE, SERVE]) },
    { ...forge("the API's token as a rank", world.internalToken, [PERMISSION_DENIED]) },
    { ...forge('API key', world.own.keys.admin, refused), path: random.pick(GRPC_PATHS) },
  ]);
}

/** Artifacts that are none, are another job's, or never end; and questions to models that cannot be asked. */
export function makeContentCall(world: FuzzWorld, random: Random): GrpcCall {
  const asRank = bearer(world.rank.token);
  const base = { headers: asRank, leaveAfterMs: LEAVE_MS };
  const read = (kind: string, sha256: string, expected: number[], offset = 0): GrpcCall => {
    return { ...base, kind, path: READ, data: frame(ReadRequest.encode({ sha256, offset }).finish()), expected };
  };
  const write = (kind: string, parts: Buffer[]): GrpcCall => ({ ...base, kind, path: WRITE, data: Buffer.concat(parts) });
  const part = (data: Buffer) => frame(WriteRequest.encode({ part: { $case: 'data', value: data } }).finish());
  const end = frame(WriteRequest.encode({ part: { $case: 'end', value: {} } }).finish());
  const question = { requestId: oddText(random), modelId: oddText(random), baseModel: [], adapter: undefined, input: undefined };
  const ask = GenerateRequest.encode({
    ...question,
    maxTokens: -1,
    temperature: Number.NaN,
    topP: 2,
    seed: undefined,
    stop: [],
    decoding: undefined,
  }).finish();
  const serve = ServeRequest.encode({
    message: { $case: 'failure', value: { requestId: oddText(random), code: oddText(random), message: 'x' } },
  });
  const server = makeWorkerToken({ kind: 'serve', jobId: 'serve-none-1', attempt: 1, epoch: 1 }, world.workerTokenSecret);
  return random.pick([
    read('artifact of another project', random.pick(world.foreign.hashes), [NOT_FOUND]),
    read('artifact that never was', 'f'.repeat(64), [NOT_FOUND]),
    read('artifact without a hash', oddText(random), [INVALID_ARGUMENT]),
    read('artifact from a negative offset', 'a'.repeat(64), [INVALID_ARGUMENT], -1),
    read('artifact of another project from an offset', random.pick(world.foreign.hashes), [NOT_FOUND], Number.MAX_SAFE_INTEGER),
    write('content', [part(random.bytes(1_000)), end]),
    { ...write('content without an end', [part(random.bytes(1_000))]), expected: [1] },
    { ...write('content that is no part', [frame(Buffer.alloc(0)), end]) },
    { ...write('oversize chunk', [part(Buffer.alloc(5 * 1024 * 1024)), end]), expected: [RESOURCE_EXHAUSTED] },
    {
      ...base,
      kind: 'question without input',
      path: GENERATE,
      headers: bearer(world.internalToken),
      data: frame(ask),
      expected: [INVALID_ARGUMENT],
    },
    {
      ...base,
      kind: 'serving worker nobody wants',
      path: SERVE,
      headers: bearer(server),
      data: frame(serve.finish()),
      expected: [FAILED_PRECONDITION],
    },
  ]);
}

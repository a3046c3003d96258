import { decodeAcknowledged } from './acknowledged.ts';
import { makeBrokenCall } from './broken-calls.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import { describeRequest } from './http-request.ts';
import { judgeGrpc } from './judge-grpc.ts';
import { judgeHttp, type Verdict } from './judge-http.ts';
import { judgeRawHttp } from './judge-raw.ts';
import { isInference, makeHttpRequest } from './make-http-request.ts';
import { makeContentCall, makeTokenCall } from './other-calls.ts';
import { createRandom, type Random } from './random.ts';
import { makeRawGrpc } from './raw-grpc.ts';
import { makeRawHttp } from './raw-http.ts';
import type { Route } from './routes.ts';
import type { GrpcCall, GrpcSender } from './send-grpc.ts';
import { type HttpSender, NoAnswerError } from './send-http.ts';
import { sendRaw } from './send-raw.ts';
import { makeWorkerCall } from './worker-calls.ts';

export interface FuzzTools {
  world: FuzzWorld;
  routes: Route[];
  http: HttpSender;
  grpc: GrpcSender;
}

export interface Trial {
  route: string;
  kind: string;
  what: string;
  verdict: Verdict;
}

const RAW_LEAVE_MS = 300;

/** Sends request number `index` of `seed` and judges what comes back. Never rejects: what goes wrong is the verdict. */
export async function runOne(tools: FuzzTools, seed: number, index: number): Promise<Trial> {
  const random = createRandom(seed, index);
  const share = random.below(100);
  if (share < 74) return tryHttp(tools, random);
  if (share < 79) return tryRawHttp(tools.world, random);
  if (share < 82) return tryRawGrpc(tools.world, random);
  return tryGrpc(tools, random);
}

async function tryHttp({ world, routes, http }: FuzzTools, random: Random): Promise<Trial> {
  const request = makeHttpRequest(random.pick(routes), world, random);
  const { route, kind, method, target } = request;
  const mayLackCapacity = isInference(target.split('?')[0] ?? '');
  const trial = (verdict: Verdict): Trial => ({ route, kind, what: describeRequest(request), verdict });
  try {
    return trial(judgeHttp(await http.send(request), { canary: world.canary, mayLackCapacity, isHead: method === 'HEAD' }));
  } catch (error) {
    if (error instanceof NoAnswerError && mayLackCapacity) return trial({ result: 'left' });
    return trial({ result: 'failed', problem: String(error) });
  }
}

async function tryRawHttp(world: FuzzWorld, random: Random): Promise<Trial> {
  const { kind, pieces } = makeRawHttp(world, random);
  const answer = await sendRaw(world.apiPort, pieces, { leaveAfterMs: RAW_LEAVE_MS });
  return { route: 'raw HTTP', kind, what: `raw bytes to the API: ${kind}`, verdict: judgeRawHttp(answer, world.canary) };
}

async function tryRawGrpc(world: FuzzWorld, random: Random): Promise<Trial> {
  const { kind, pieces } = makeRawGrpc(random);
  await sendRaw(world.grpcPort, pieces, { leaveAfterMs: RAW_LEAVE_MS });
  // Whatever HTTP/2 says to that is right; what counts is that the server is still there for the next.
  return { route: 'raw gRPC', kind, what: `raw bytes to the gRPC port: ${kind}`, verdict: { result: 'refused' } };
}

/** One at a time: two sessions of the same rank end each other, as they should. */
let rankTurn: Promise<unknown> = Promise.resolve();

async function tryGrpc(tools: FuzzTools, random: Random): Promise<Trial> {
  const { world } = tools;
  const share = random.below(10);
  if (share >= 4)
    return callGrpc(tools, [makeTokenCall, makeContentCall, makeBrokenCall][share % 3]?.(world, random) ?? makeTokenCall(world, random));
  const turn = rankTurn.then(() => callGrpc(tools, makeWorkerCall(world, random)));
  rankTurn = turn;
  return turn;
}

async function callGrpc({ world, grpc }: FuzzTools, call: GrpcCall): Promise<Trial> {
  const trial = (verdict: Verdict): Trial => ({ route: call.path, kind: call.kind, what: describeCall(call), verdict });
  try {
    const answer = await grpc.send(call);
    world.rank.next = Math.max(world.rank.next, decodeAcknowledged(answer.data) + 1);
    return trial(judgeGrpc(call, answer, world.canary));
  } catch (error) {
    return trial({ result: 'failed', problem: String(error) });
  }
}

function describeCall({ path, kind, data, headers }: GrpcCall): string {
  const others = Object.entries(headers).filter(([name]) => name !== 'authorization');
  return `${path}, ${kind}, ${JSON.stringify(Object.fromEntries(others))}, ${data.length} bytes: ${data.subarray(0, 200).toString('hex')}`;
}

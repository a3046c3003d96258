import { authorization, CONTENT_TYPES, oddHeaders } from './fuzz-headers.ts';
import { makeTarget } from './fuzz-targets.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import type { HttpRequest } from './http-request.ts';
import { makeForm } from './multipart.ts';
import { mutateJson } from './mutate-json.ts';
import { oddValue } from './odd-values.ts';
import type { Random } from './random.ts';
import type { Route } from './routes.ts';
import { validBody } from './valid-bodies.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE', 'M-SEARCH'];
/** Twenty times what a body may have. */
const HUGE_BYTES = 20 * 1024 * 1024;
const STREAM_MS = 250;
const INFERENCE_MS = 1_500;
const PATIENCE_MS = 30_000;

interface Content {
  kind: string;
  contentType: string;
  body: Buffer | null;
}

/** A request to `route` that is wrong in some way, or right: those are sent too, so that there is something to trip over. */
export function makeHttpRequest(route: Route, world: FuzzWorld, random: Random): HttpRequest {
  const { kind, contentType, body } = makeContent(route, world, random);
  const key = authorization(world.own, world.foreign, random);
  const oddType = body !== null && random.chance(0.06);
  const method = random.chance(0.05) ? random.pick(METHODS) : route.method;
  return {
    route: route.name,
    kind,
    method,
    target: makeTarget(route, world, random),
    headers: {
      ...(key === undefined ? {} : { authorization: key }),
      ...(body === null ? {} : { 'content-type': oddType ? random.pick(CONTENT_TYPES) : contentType }),
      ...(body !== null && random.chance(0.02) ? { 'content-encoding': random.pick(['gzip', 'br', 'identity', 'x']) } : {}),
      ...oddHeaders(random),
    },
    body,
    isChunked: body !== null && random.chance(0.2),
    patienceMs: isInference(route.path) ? INFERENCE_MS : PATIENCE_MS,
    readMs: route.path.endsWith('/stream') ? STREAM_MS : PATIENCE_MS,
  };
}

/** Routes that ask a model, and so may answer that there is no room for one. */
export function isInference(path: string): boolean {
  return /\/(completions|compare)$/.test(path);
}

function makeContent(route: Route, world: FuzzWorld, random: Random): Content {
  const json = (kind: string, body: Buffer) => ({ kind, contentType: 'application/json', body });
  if (route.takes === 'nothing') {
    if (random.chance(0.93)) return { kind: 'target', contentType: '', body: null };
    return json('unwanted body', random.bytes(random.below(2_000)));
  }
  if (route.takes === 'form' && random.chance(0.9)) return { kind: 'multipart', ...makeForm(world, random) };
  const valid = validBody(route.name, world);
  if (random.chance(0.004)) return json('huge body', hugeBody(random));
  if (random.chance(0.03)) return json('deep body', deepBody(random));
  if (random.chance(0.07)) return json('broken bytes', brokenBytes(Buffer.from(JSON.stringify(valid)), random));
  if (random.chance(0.05)) return json('odd value', toBytes(oddValue(random)));
  if (random.chance(0.08)) return json('valid body', toBytes(valid));
  return json('mutated body', toBytes(mutateJson(valid, random)));
}

function toBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function hugeBody(random: Random): Buffer {
  const text = random.pick(['x', '\\u0041', '[', '{"a":']);
  const filled = Buffer.alloc(HUGE_BYTES, text);
  return random.chance(0.5) ? filled : Buffer.concat([Buffer.from('{"model":"'), filled, Buffer.from('"}')]);
}

function deepBody(random: Random): Buffer {
  const depth = random.pick([100, 5_000, 100_000]);
  if (random.chance(0.5)) return Buffer.from(`${'['.repeat(depth)}"\\u0041"${']'.repeat(depth)}`);
  return Buffer.from(`{"metadata":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)},"b":"\\u0041"}`);
}

function brokenBytes(body: Buffer, random: Random): Buffer {
  if (random.chance(0.3)) return body.subarray(0, random.below(body.length));
  if (random.chance(0.2)) return Buffer.concat([body, random.bytes(5)]);
  if (random.chance(0.2)) return Buffer.from(body.toString('utf8'), 'utf16le');
  const broken = Buffer.from(body);
  for (let times = 1 + random.below(4); times > 0; times -= 1) broken[random.below(broken.length)] = random.below(256);
  return broken;
}

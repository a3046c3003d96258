import type { FuzzWorld } from './fuzz-world.ts';
import type { Random } from './random.ts';

export interface RawCase {
  kind: string;
  pieces: Buffer[];
}

type Make = (world: FuzzWorld, random: Random) => string | Buffer;

const host = ({ apiPort }: FuzzWorld) => `Host: 127.0.0.1:${apiPort}\r\n`;
const key = ({ own }: FuzzWorld) => `Authorization: Bearer ${own.keys.viewer}\r\n`;
const get = (world: FuzzWorld, more: string) => `GET /v1/files HTTP/1.1\r\n${host(world)}${key(world)}${more}\r\n`;
const post = (world: FuzzWorld, more: string) =>
  `POST /v1/fine_tuning/jobs HTTP/1.1\r\n${host(world)}${key(world)}Content-Type: application/json\r\n${more}`;
const smuggled = (world: FuzzWorld) => `GET /v1/files/${world.foreign.files[0]}/content HTTP/1.1\r\n${host(world)}${key(world)}\r\n`;

/** What no HTTP library would send. */
const CASES: Record<string, Make> = {
  'random bytes': (_world, random) => random.bytes(1 + random.below(3_000)),
  'no HTTP': () => '\r\n\r\nhello\r\n\r\n',
  'TLS greeting': (_world, random) => Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), random.bytes(200)]),
  'HTTP/2 preface': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'unknown version': (world) => `GET /v1/models HTTP/9.9\r\n${host(world)}\r\n`,
  'HTTP/1.0': (world) => `GET /v1/models HTTP/1.0\r\n${key(world)}\r\n`,
  'HTTP/0.9': () => 'GET /v1/models\r\n',
  'no host': () => 'GET /v1/models HTTP/1.1\r\n\r\n',
  'two hosts': (world) => `GET /v1/models HTTP/1.1\r\n${host(world)}${host(world)}\r\n`,
  'unknown method': (world) => `FUZZ /v1/models HTTP/1.1\r\n${host(world)}\r\n`,
  'target with spaces': (world) => `GET /v1/mo dels HTTP/1.1\r\n${host(world)}\r\n`,
  'target with bytes': (world, random) =>
    Buffer.concat([Buffer.from('GET /v1/'), random.bytes(20), Buffer.from(` HTTP/1.1\r\n${host(world)}\r\n`)]),
  'whole URL as target': (world) => `GET http://evil.example/v1/models HTTP/1.1\r\n${host(world)}${key(world)}\r\n`,
  'star as target': (world) => `OPTIONS * HTTP/1.1\r\n${host(world)}\r\n`,
  connect: (world) => `CONNECT evil.example:443 HTTP/1.1\r\n${host(world)}\r\n`,
  upgrade: (world) => get(world, 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n'),
  'h2c upgrade': (world) => get(world, 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
  'long target': (world) => `GET /v1/${'a'.repeat(100_000)} HTTP/1.1\r\n${host(world)}\r\n`,
  'header flood': (world) => get(world, Array.from({ length: 5_000 }, (_, index) => `X-${index}: y\r\n`).join('')),
  'long header': (world) => get(world, `X-Long: ${'a'.repeat(200_000)}\r\n`),
  'header without colon': (world) => get(world, 'broken header\r\n'),
  'header with NUL': (world) => get(world, 'X-Nul: a\0b\r\n'),
  'folded header': (world) => get(world, 'X-Fold: a\r\n b\r\n'),
  'length and chunks': (world) => `${post(world, 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n')}0\r\n\r\n${smuggled(world)}`,
  'two lengths': (world) => `${post(world, 'Content-Length: 2\r\nContent-Length: 200\r\n\r\n')}{}${smuggled(world)}`,
  'length with sign': (world) => `${post(world, 'Content-Length: +2\r\n\r\n')}{}`,
  'negative length': (world) => `${post(world, 'Content-Length: -1\r\n\r\n')}{}`,
  'length beyond numbers': (world) => `${post(world, 'Content-Length: 99999999999999999999999\r\n\r\n')}{}`,
  'length never reached': (world) => `${post(world, 'Content-Length: 1000\r\n\r\n')}{"model":`,
  'chunks within chunks': (world) => `${post(world, 'Transfer-Encoding: xchunked\r\n\r\n')}0\r\n\r\n${smuggled(world)}`,
  'chunk size of letters': (world) => `${post(world, 'Transfer-Encoding: chunked\r\n\r\n')}zz\r\n{}\r\n0\r\n\r\n`,
  'chunk without end': (world) => `${post(world, 'Transfer-Encoding: chunked\r\n\r\n')}ffffffff\r\n{`,
  'chunk extensions': (world) => `${post(world, 'Transfer-Encoding: chunked\r\n\r\n')}2;${'a'.repeat(50_000)}\r\n{}\r\n0\r\n\r\n`,
  'bare line feeds': (world) => `GET /v1/models HTTP/1.1\n${host(world).replaceAll('\r', '')}\n`,
  'pipelined requests': (world) => `${get(world, '')}${get(world, '')}${smuggled(world)}`,
  'upload cut off': (world) =>
    `POST /v1/files HTTP/1.1\r\n${host(world)}Authorization: Bearer ${world.own.keys.submitter}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n{"mess`,
};

/** Head by head, and then no more: the connection is held for a moment and left. */
const SLOW = (world: FuzzWorld) => `GET /v1/models HTTP/1.1\r\n${host(world)}X-Slow: `;

export function makeRawHttp(world: FuzzWorld, random: Random): RawCase {
  if (random.chance(0.05)) return { kind: 'slow header', pieces: Array.from(SLOW(world), (character) => Buffer.from(character)) };
  const kind = random.pick(Object.keys(CASES));
  const made = CASES[kind]?.(world, random) ?? '';
  return { kind, pieces: [typeof made === 'string' ? Buffer.from(made, 'latin1') : made] };
}

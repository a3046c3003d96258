import type { Random } from './random.ts';
import type { RawCase } from './raw-http.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** Bytes on the gRPC port that are no HTTP/2, or HTTP/2 that ends in nonsense. */
export function makeRawGrpc(random: Random): RawCase {
  const noise = random.bytes(1 + random.below(2_000));
  const frameOf = (type: number, length: number) =>
    Buffer.from([(length >> 16) & 255, (length >> 8) & 255, length & 255, type, random.below(256), 0, 0, 0, random.below(8)]);
  const cases: [string, Buffer[]][] = [
    ['random bytes', [noise]],
    ['HTTP/1.1', [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]],
    ['preface, then noise', [PREFACE, noise]],
    ['preface cut off', [PREFACE.subarray(0, random.below(PREFACE.length))]],
    ['frame larger than allowed', [PREFACE, SETTINGS, frameOf(0, 0xff_ff_ff), noise]],
    ['headers of noise', [PREFACE, SETTINGS, frameOf(1, noise.length), noise]],
    ['unknown frames', [PREFACE, SETTINGS, ...Array.from({ length: 50 }, () => frameOf(random.below(256), 0))]],
    [
      'ping flood',
      [PREFACE, SETTINGS, ...Array.from({ length: 500 }, () => Buffer.concat([Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0]), Buffer.alloc(8)]))],
    ],
    ['settings flood', [PREFACE, ...Array.from({ length: 500 }, () => SETTINGS)]],
    ['reset flood', [PREFACE, SETTINGS, ...Array.from({ length: 200 }, () => Buffer.concat([frameOf(3, 4), Buffer.alloc(4)]))]],
  ];
  const [kind, pieces] = random.pick(cases);
  return { kind, pieces };
}

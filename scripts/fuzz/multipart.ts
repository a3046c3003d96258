import type { FuzzWorld } from './fuzz-world.ts';
import { oddText } from './odd-values.ts';
import type { Random } from './random.ts';

const ROW = '{"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"b"}]}\n';

export interface Form {
  contentType: string;
  body: Buffer;
}

/** An upload: sometimes a good one, mostly with something wrong in its rows, its parts or its bytes. */
export function makeForm({ foreign }: FuzzWorld, random: Random): Form {
  const boundary = random.chance(0.9) ? 'fuzz-boundary' : random.pick(['-', '--', "'()+_,-./:=?", 'b'.repeat(70), 'b'.repeat(71)]);
  const parts = [field('purpose', random.chance(0.8) ? 'fine-tune' : oddText(random)), file(random)];
  if (random.chance(0.15))
    parts.push(field(random.chance(0.3) ? '__proto__' : oddText(random), random.pick([oddText(random), ...foreign.files])));
  if (random.chance(0.05)) parts.push(...Array.from({ length: 30 }, (_, index) => field(`f${index}`, 'x')));
  if (random.chance(0.05)) parts.push(file(random));
  if (random.chance(0.1)) parts.reverse();
  if (random.chance(0.05)) parts.shift();
  const body = Buffer.concat([
    ...parts.flatMap((part) => [Buffer.from(`--${boundary}\r\n`), part, Buffer.from('\r\n')]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: random.chance(0.3) ? damage(body, random) : body };
}

function field(name: string, value: string): Buffer {
  return Buffer.from(`Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`);
}

function file(random: Random): Buffer {
  const filename = random.chance(0.7) ? 'data.jsonl' : random.pick([`${oddText(random)}.jsonl`, oddText(random), '../../x.jsonl', 'x.txt']);
  const name = random.chance(0.95) ? 'file' : oddText(random);
  const extra = random.chance(0.1) ? `\r\nContent-Transfer-Encoding: ${random.pick(['base64', 'quoted-printable', 'x'])}` : '';
  const head = `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: application/jsonl${extra}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), rows(random)]);
}

function rows(random: Random): Buffer {
  const good = Buffer.from(ROW.repeat(1 + random.below(4)));
  switch (random.below(10)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.concat([good, random.bytes(30)]);
    case 2:
      return Buffer.from(`${ROW}${'['.repeat(20_000)}\n`);
    case 3:
      return Buffer.from(ROW.replace('"A"', JSON.stringify(oddText(random))));
    case 4:
      return Buffer.from(ROW.replace('"user"', JSON.stringify(oddText(random))));
    case 5:
      return Buffer.from(`\ufeff${ROW}\r\n\r\n  \n${ROW.replace('messages', '__proto__')}`);
    case 6:
      return Buffer.from(ROW.replace('A', 'x'.repeat(300_000)));
    default:
      return good;
  }
}

function damage(body: Buffer, random: Random): Buffer {
  if (random.chance(0.4)) return body.subarray(0, random.below(body.length));
  const damaged = Buffer.from(body);
  for (let times = 1 + random.below(6); times > 0; times -= 1) damaged[random.below(damaged.length)] = random.below(256);
  return damaged;
}

import type { FuzzProject } from './fuzz-world.ts';
import type { Random } from './random.ts';

/** The key of a role for most requests; for others none, a broken, made-up, revoked or half-right one. */
export function authorization(own: FuzzProject, foreign: FuzzProject, random: Random): string | undefined {
  const role = random.pick(['viewer', 'submitter', 'operator', 'admin', 'admin'] as const);
  if (random.chance(0.85)) return `Bearer ${own.keys[role]}`;
  const foreignKey = foreign.keys[role];
  return random.pick([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${own.revokedKey}`,
    `Bearer ${foreignKey.slice(0, -1)}`,
    `Bearer ${foreignKey}x`,
    `Bearer ${foreignKey} ${foreignKey}`,
    `Basic ${Buffer.from(`x:${foreignKey.slice(0, 12)}`).toString('base64')}`,
    `bearer ${'k'.repeat(4_000)}`,
    'Bearer sk-capstan-\u00ff\u00fe',
    'Bearer null',
    `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`,
  ]);
}

const ODD_HEADERS: Record<string, readonly string[]> = {
  'last-event-id': [
    '0.0.0',
    '999999999999999.999999999999999.999999999999999',
    '2147483648.0.0',
    '-1.0.0',
    '1',
    'a.b.c',
    '\u00ff',
    '1.1.1.1',
    '',
  ],
  'idempotency-key': ['k', 'x'.repeat(255), 'x'.repeat(256), '\u00e9', '', ' ', "'; --"],
  'x-stainless-retry-count': ['1', '-1', 'NaN', '1e9', 'x'],
  range: ['bytes=0-1', 'bytes=999999999-', 'bytes=-', 'bytes=5-1', 'pages=1', `bytes=${'0-0,'.repeat(500)}0-0`],
  'if-none-match': ['*', '"x"', 'W/'],
  'if-match': ['"x"', 'W/"y"'],
  'if-modified-since': ['never', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT'],
  'if-unmodified-since': ['Thu, 01 Jan 1970 00:00:00 GMT'],
  accept: ['text/event-stream', 'text/html', 'application/xml;q=1', '*/*;q=x', ';;;'],
  'accept-encoding': ['gzip', 'br;q=1, *;q=0', 'identity;q=0'],
  expect: ['100-continue', '200-ok'],
  'openai-organization': ['org-\u00ff'],
  'x-forwarded-for': ['127.0.0.1, evil'],
  'x-http-method-override': ['DELETE'],
  host: ['evil.example', ''],
  origin: ['https://evil.example', 'null'],
  cookie: [`a=${'b'.repeat(4_000)}`],
  'x-request-id': ['req_\u00ff', 'x'.repeat(1_000)],
};

export function oddHeaders(random: Random): Record<string, string> {
  const names = Object.keys(ODD_HEADERS);
  const chosen = Array.from({ length: random.chance(0.25) ? 1 + random.below(2) : 0 }, () => random.pick(names));
  return Object.fromEntries(chosen.map((name) => [name, random.pick(ODD_HEADERS[name] ?? [''])]));
}

export const CONTENT_TYPES: readonly string[] = [
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json;charset="utf-8"',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary=${'b'.repeat(300)}`,
  'application/octet-stream',
  ';',
  'application/json, text/html',
];

import type { Random } from './random.ts';

/** Texts that have broken programs before: NULs, halves of characters, paths, markup, queries, formats, names with a meaning. */
export const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udc00y',
  '\ufeff',
  '\u202eevil',
  '👩‍👩‍👧‍👦',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞',
  '../../../../etc/passwd',
  '..%2f..%2f..%2fetc%2fpasswd',
  '/etc/passwd',
  'C:\\windows\\win.ini',
  '%00',
  '%ff%fe',
  '%',
  '%252e%252e',
  '\r\nset-cookie: a=b',
  "' OR 1=1 --",
  '"; DROP TABLE jobs; --',
  '$1',
  '${7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  'auto',
  'true',
  '-1',
  '0',
  '1e309',
  '99999999999999999999',
  '2147483648',
  '9223372036854775808',
  '0x10',
  '１２',
  'a'.repeat(255),
  'a'.repeat(4_096),
  '😀'.repeat(300),
  '\u0001\u0002\u001f',
  'line\nbreak',
  'ftjob-',
  'file-',
  'ft:t5-nano:default::',
  '[object Object]',
  ',',
  '*',
  'sk-capstan-',
];

const ODD_NUMBERS: readonly number[] = [
  0, -0, -1, 1, 0.5, -0.5, 1e-320, 255, 256, 257, 65_536, 2_147_483_647, 2_147_483_648, -2_147_483_649, 4_294_967_296, 1e15,
  9_007_199_254_740_991, 9_007_199_254_740_992, 1e21, 1e308, -1e308,
];

export function oddText(random: Random): string {
  if (random.chance(0.7)) return random.pick(ODD_TEXTS);
  return Array.from({ length: random.below(40) }, () => String.fromCharCode(random.below(random.chance(0.5) ? 128 : 65_536))).join('');
}

/** Any JSON value of a type that is probably not the wanted one. */
export function oddValue(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 3 ? 5 : 9);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.pick(ODD_NUMBERS);
  if (kind < 5) return oddText(random);
  if (kind === 5) return [];
  if (kind === 6) return {};
  const items = Array.from({ length: random.below(4) }, () => oddValue(random, depth + 1));
  return kind === 7 ? items : Object.fromEntries(items.map((item) => [oddText(random), item]));
}

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { base32, makeId } from './make-id.ts';

describe('makeId', () => {
  it('makes names that Kubernetes takes, all different', () => {
    const ids = Array.from({ length: 1_000 }, () => makeId('ftjob', randomBytes));
    for (const id of ids) expect(id).toMatch(/^ftjob-[0-9a-hjkmnp-tv-z]{24}$/);
    expect(new Set(ids).size).toBe(1_000);
  });

  it('writes five bits a letter, and pads the last one with zeros', () => {
    expect(base32(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff))).toBe('zzzzzzzz');
    expect(base32(Uint8Array.of(0b00001_000, 0b10_00011_0))).toBe('1230');
    expect(base32(Uint8Array.of())).toBe('');
  });
});

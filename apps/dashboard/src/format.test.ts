import { describe, expect, it } from 'vitest';
import { ago, bytes, count, dollars, duration, figure, percent } from './format.ts';

describe('figures for people', () => {
  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [60, '1 min'],
    [200, '3 min 20 s'],
    [7_500, '2 h 5 min'],
    [273_600, '3 d 4 h'],
  ])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [29_000_000, '27.7 MiB'],
  ])('%d bytes are %s', (size, text) => expect(bytes(size)).toBe(text));

  it('say how long ago something was', () => {
    const now = new Date(1_000_000);
    expect([ago(999, now), ago(940, now), ago(-9_000, now)]).toEqual(['just now', '1 min ago', '2 h ago']);
  });

  it('keep the digits that matter', () => {
    expect([figure(2.345_67), figure(0.000_123), figure(null), figure(0)]).toEqual(['2.346', '1.23e-4', '–', '0']);
    expect([dollars(0.0012), dollars(1.5), dollars(0), percent(0.1234), count(31_162)]).toEqual([
      '$0.0012',
      '$1.50',
      '$0.00',
      '12.3\u{a0}%',
      '31,162',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatClock,
  formatCost,
  formatCount,
  formatDuration,
  formatInstant,
  formatLearningRate,
  formatLoss,
  formatShare,
  shorten,
  wrap,
} from './format.ts';

describe('figures for people', () => {
  it.each([
    [0, '0 s'],
    [0.42, '0.4 s'],
    [9.96, '10 s'],
    [12.4, '12 s'],
    [59.6, '1 min 00 s'],
    [200, '3 min 20 s'],
    [3_600, '1 h 00 min'],
    [3_725, '1 h 02 min'],
    [90_000, '1 d 1 h'],
  ])('%d seconds are written as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it.each([
    [7.4, '0:07'],
    [202, '3:22'],
    [3_725, '1:02:05'],
  ])('%d seconds are %s on a clock', (seconds, text) => expect(formatClock(seconds)).toBe(text));

  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [37_748_736, '36 MiB'],
    [5 * 1024 ** 5, '5120 TiB'],
  ])('%d bytes are written as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('groups thousands', () => {
    expect(formatCount(999)).toBe('999');
    expect(formatCount(1_234_567)).toBe('1,234,567');
  });

  it('keeps two figures of a small share', () => {
    expect(formatShare(0)).toBe('0 %');
    expect(formatShare(0.1234)).toBe('12.3 %');
    expect(formatShare(0.00042)).toBe('0.042 %');
  });

  it('shows the cents that matter', () => {
    expect(formatCost(0)).toBe('$0.00');
    expect(formatCost(0.00421)).toBe('$0.0042');
    expect(formatCost(0.6)).toBe('$0.60');
    expect(formatCost(12.345)).toBe('$12.35');
  });

  it('shows a dash for what is not known yet', () => {
    expect(formatLoss(null)).toBe('–');
    expect(formatLearningRate(null)).toBe('–');
    expect(formatLoss(2.34567)).toBe('2.3457');
    expect(formatLearningRate(0.002)).toBe('2.0e-3');
  });

  it('writes instants in the order in which they sort', () => {
    expect(formatInstant(1_795_531_260, 'UTC')).toBe('2026-11-24 14:41');
  });
});

describe('text that has to fit', () => {
  it('is shortened to one line with an ellipsis', () => {
    expect(shorten('a  b\nc', 10)).toBe('a b c');
    expect(shorten('abcdefghij', 5)).toBe('abcd…');
  });

  it('is wrapped at spaces, and a long word is never broken', () => {
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
    expect(wrap('abcdefgh x', 4)).toEqual(['abcdefgh', 'x']);
    expect(wrap('  ', 4)).toEqual([]);
  });
});

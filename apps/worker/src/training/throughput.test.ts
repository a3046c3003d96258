import { expect, it } from 'vitest';
import { createThroughput } from './throughput.ts';

const at = (seconds: number) => new Date(seconds * 1000);

it('is the rate since the start while the window fills', () => {
  const throughput = createThroughput(at(100));
  expect(throughput.add(50, at(101))).toBe(50);
  expect(throughput.add(150, at(102))).toBe(100);
});

it('forgets steps that ended before the window', () => {
  const throughput = createThroughput(at(0));
  for (let second = 1; second <= 40; second += 1) throughput.add(1000, at(second));
  let rate = 0;
  for (let second = 41; second <= 80; second += 1) rate = throughput.add(10, at(second));
  expect(rate).toBeCloseTo(10, 6);
});

it('is the rate of the last step where a step outlasts the window, and zero where the clock stood still', () => {
  const throughput = createThroughput(at(0));
  expect(throughput.add(5, at(0))).toBe(0);
  throughput.add(6000, at(60));
  expect(throughput.add(600, at(120))).toBe(10);
});

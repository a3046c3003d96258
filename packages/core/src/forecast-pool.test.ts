import { describe, expect, it } from 'vitest';
import { type ForecastJob, forecastPool } from './forecast-pool.ts';

const job = (seconds: number, workers = 1): ForecastJob => ({ id: `job-${seconds}-${workers}`, workers, seconds });
const idle = { maxWorkers: 1, paused: false, running: [], queued: [] };

describe('the forecast of a pool', () => {
  it('starts a job at once where there is room', () => {
    expect(forecastPool({ ...idle, queued: [job(10)] })).toEqual([0]);
  });

  it('lets jobs follow one another on a single slot', () => {
    expect(forecastPool({ ...idle, running: [job(7)], queued: [job(10), job(20), job(5)] })).toEqual([7, 17, 37]);
  });

  it('takes the slot that is free first', () => {
    expect(forecastPool({ ...idle, maxWorkers: 2, running: [job(30), job(10)], queued: [job(5), job(1), job(1)] })).toEqual([10, 15, 16]);
  });

  it('keeps the order: a wide job holds up a narrow one that would fit', () => {
    expect(forecastPool({ ...idle, maxWorkers: 2, running: [job(10)], queued: [job(5, 2), job(1)] })).toEqual([10, 15]);
  });

  it('never starts a job that is wider than the pool may be, and lets the others pass it', () => {
    expect(forecastPool({ ...idle, queued: [job(5), job(5, 2), job(5)] })).toEqual([0, null, 5]);
  });

  it('starts nobody behind a job that waits for the pool to grow', () => {
    expect(forecastPool({ ...idle, mostWorkers: 2, queued: [job(5), job(5, 2), job(5)] })).toEqual([0, null, null]);
  });

  it('starts nothing in a paused pool', () => {
    expect(forecastPool({ ...idle, paused: true, queued: [job(5)] })).toEqual([null]);
  });

  it('starts nothing while more runs than a pool that was scaled down may hold', () => {
    expect(forecastPool({ ...idle, maxWorkers: 1, running: [job(4), job(9)], queued: [job(1)] })).toEqual([9]);
  });

  it('tells that more slots start jobs earlier', () => {
    const queued = [job(60), job(60), job(60)];
    expect(forecastPool({ ...idle, queued })).toEqual([0, 60, 120]);
    expect(forecastPool({ ...idle, maxWorkers: 3, queued })).toEqual([0, 0, 0]);
  });
});

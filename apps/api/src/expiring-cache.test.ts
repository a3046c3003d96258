import type { Clock } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { createExpiringCache } from './expiring-cache.ts';

function makeCache() {
  let now = 0;
  const clock: Clock = { now: () => new Date(now), sleep: () => Promise.resolve() };
  const cache = createExpiringCache<number>({ clock, ttlMs: 100, maxItems: 2 });
  let loads = 0;
  const load = async () => ++loads;
  return { cache, load, later: (ms: number) => (now += ms) };
}

describe('an expiring cache', () => {
  it('loads once for many, until it is too old to be given', async () => {
    const { cache, load, later } = makeCache();
    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1]);
    later(99);
    expect(await cache.get('a', load)).toBe(1);
    later(101);
    expect(await cache.get('a', load)).toBe(2);
  });

  it('gives the old value while a new one is fetched, once', async () => {
    const { cache, load, later } = makeCache();
    await cache.get('a', load);
    later(100);
    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1]);
    await Promise.resolve();
    expect(await cache.get('a', load)).toBe(2);
  });

  it('a refresh that fails keeps the old value, and one of a deleted key brings nothing back', async () => {
    const { cache, load, later } = makeCache();
    await cache.get('a', load);
    later(100);
    expect(await cache.get('a', () => Promise.reject(new Error('away')))).toBe(1);
    await Promise.resolve();
    expect(await cache.get('a', load)).toBe(1);
    cache.delete('a');
    await Promise.resolve();
    expect(await cache.get('a', load)).toBe(3);
  });

  it('remembers neither what is not there nor a failure', async () => {
    const { cache, load } = makeCache();
    expect(await cache.get('a', async () => null)).toBeNull();
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('a', load)).toBe(1);
  });

  it('forgets the oldest beyond its bound, and what it is told to', async () => {
    const { cache, load } = makeCache();
    for (const key of ['a', 'b', 'c']) await cache.get(key, load);
    cache.delete('c');
    expect([await cache.get('b', load), await cache.get('a', load), await cache.get('c', load)]).toEqual([2, 4, 5]);
  });
});

import { CancelledError, type WorkerReport } from '@capstan/core';
import { expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

const log = (message = ''): WorkerReport => ({ type: 'log', level: 'info', message, at: new Date(0) });
const signal = new AbortController().signal;

function fill(count: number): Outbox {
  const outbox = new Outbox();
  for (let index = 0; index < count; index += 1) outbox.add(log());
  return outbox;
}

it('numbers without gaps and gives batches of at most 500 after any sequence', () => {
  const outbox = fill(1200);
  expect(outbox.batchAfter(0).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  expect(outbox.batchAfter(1000)).toHaveLength(200);
  expect(outbox.batchAfter(1200)).toEqual([]);
});

it('cuts a batch at about a megabyte, but always gives one record', () => {
  const outbox = new Outbox();
  for (let index = 0; index < 4; index += 1) outbox.add(log('x'.repeat(700_000)));
  expect(outbox.batchAfter(0)).toHaveLength(1);
});

it('forgets what is acknowledged; late, repeated and impossible acknowledgements change nothing', () => {
  const outbox = fill(10);
  outbox.acknowledge(4);
  outbox.acknowledge(4);
  outbox.acknowledge(2);
  expect(outbox.batchAfter(0).map(({ sequence }) => sequence)).toEqual([5, 6, 7, 8, 9, 10]);
  outbox.acknowledge(99);
  expect(outbox.acknowledged).toBe(10);
  expect(outbox.add(log()).sequence).toBe(11);
});

it('refuses more than 64 MiB that nobody acknowledged, and takes reports again afterwards', () => {
  const outbox = new Outbox();
  const large = log('x'.repeat(4_000_000));
  const addMany = () => {
    for (let index = 0; index < 20; index += 1) outbox.add(large);
  };
  expect(addMany).toThrow(/acknowledged nothing/);
  outbox.acknowledge(1);
  expect(outbox.add(large).sequence).toBe(outbox.acknowledged + outbox.countAfter(0));
});

it('is flushed when all is acknowledged, and urgent until then', async () => {
  const outbox = fill(2);
  const flushing = outbox.flushed(signal);
  expect(outbox.isUrgent).toBe(true);
  outbox.acknowledge(2);
  await flushing;
  expect(outbox.isUrgent).toBe(false);
  await outbox.flushed(signal);
});

it('waiting ends with the reason of its signal', async () => {
  const controller = new AbortController();
  const flushing = fill(1).flushed(controller.signal);
  controller.abort(new CancelledError('enough'));
  await expect(flushing).rejects.toThrow('enough');
});

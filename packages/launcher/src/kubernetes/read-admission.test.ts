import type { V1Job } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { describeAdmission, describeEviction, type Workload } from './read-admission.ts';

const queued = (suspend: boolean): V1Job => ({
  metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'team-a' } },
  spec: { suspend, template: {} },
});
const plain: V1Job = { metadata: { labels: {} }, spec: { suspend: true, template: {} } };
const workload = (status: NonNullable<Workload['status']>): Workload => ({ status });
const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => ({ type, status, reason, message });
const full = condition('QuotaReserved', 'False', 'Pending', "couldn't assign flavors: 1 more needed");
const reserved = condition('QuotaReserved', 'True', 'QuotaReserved', 'Quota reserved in ClusterQueue all');
const preempted = condition('Evicted', 'True', 'Preempted', 'Preempted to accommodate a workload');

describe('what a Job waits for in a queue of Kueue', () => {
  const rows: [string, V1Job, Workload | undefined, string | null][] = [
    ['nobody has looked at it yet', queued(true), undefined, 'Waiting to be admitted by the queue team-a.'],
    ['the quota is full', queued(true), workload({ conditions: [full] }), `Waiting to be admitted by the queue team-a: ${full.message}`],
    [
      ...(['a check is not passed', queued(true)] as const),
      workload({ conditions: [reserved], admissionChecks: [{ name: 'budget', state: 'Pending', message: 'asked for' }] }),
      'Waiting to be admitted by the queue team-a: budget is Pending, asked for',
    ],
    ['it may run', queued(false), workload({ conditions: [reserved] }), null],
    ['no queue has a say', plain, undefined, null],
  ];
  it.each(rows)('%s', (_title, job, seen, words) => {
    expect(describeAdmission(job, seen)).toBe(words);
  });
});

describe('why a Job lost its quota', () => {
  const rows: [string, V1Job, Workload | undefined, string | null][] = [
    [
      'preempted, and the Workload says so',
      queued(true),
      workload({ conditions: [preempted] }),
      `Preempted by Kueue: ${preempted.message}`,
    ],
    ['suspended, and the Workload is gone', queued(true), undefined, 'Kueue has suspended the Job.'],
    ['it has its quota', queued(false), workload({ conditions: [reserved] }), null],
    ['no queue has a say', plain, undefined, null],
  ];
  it.each(rows)('%s', (_title, job, seen, words) => {
    expect(describeEviction(job, seen)).toBe(words);
  });
});

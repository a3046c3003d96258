import { describe, expect, it } from 'vitest';
import { type AttemptFacts, type DecideContext, decide } from './decide.ts';
import type { FineTuningJob } from './job.ts';
import type { JobStatus } from './job-status.ts';
import type { ObservedRank } from './observed-rank.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

const context: DecideContext = {
  now: NOW,
  random: () => 0,
  listeningSince: ago(3600),
  limits: { launchGraceMs: 10_000, heartbeatTimeoutMs: 30_000, stopGraceMs: 20_000, reportGraceMs: 5_000, gangTimeoutMs: 60_000 },
};
const job = (status: JobStatus, workers = 1, failures = 0) =>
  ({
    status,
    failures,
    maxAttempts: 3,
    spec: { resources: { workers }, training: { batchSize: 8, microBatchSize: 4 } },
  }) as unknown as FineTuningJob;
const dated = (status: JobStatus, { createdAt, deadlineSeconds }: { createdAt: Date; deadlineSeconds: number }): FineTuningJob => {
  const { spec, ...rest } = job(status);
  return { ...rest, createdAt, spec: { ...spec, deadlineSeconds } };
};
const attempt = (facts: Partial<AttemptFacts> = {}): AttemptFacts => ({
  intendedAt: ago(120),
  launchedAt: ago(119),
  heartbeats: new Map([[0, ago(1)]]),
  stopRequestedAt: null,
  memoryFailures: 0,
  ...facts,
});
const seen = (observed: Partial<ObservedRank> = {}): ObservedRank => ({
  rank: 0,
  phase: 'running',
  reason: null,
  message: null,
  exitCode: null,
  placedAt: ago(110),
  startedAt: ago(100),
  finishedAt: null,
  logTail: [],
  ...observed,
});
const failed = (observed: Partial<ObservedRank> = {}) => seen({ phase: 'failed', exitCode: 1, finishedAt: ago(1), ...observed });
const mute = new Map<number, Date>();

interface Row {
  title: string;
  job: FineTuningJob;
  ranks: ObservedRank[];
  attempt?: Partial<AttemptFacts>;
  listeningSince?: Date;
  event?: object;
  actions: string[];
}

const rows: Row[] = [
  { title: 'leaves a healthy attempt alone', job: job('running'), ranks: [seen()], actions: [] },
  {
    title: 'ends a job that has not ended by its deadline, though it is healthy',
    job: dated('running', { createdAt: ago(3_601), deadlineSeconds: 3_600 }),
    ranks: [seen()],
    event: { type: 'jobFailed', reason: 'DeadlineExceeded', exitCode: null },
    actions: ['stop'],
  },
  {
    title: 'leaves a job alone that has still a second until its deadline',
    job: dated('running', { createdAt: ago(3_599), deadlineSeconds: 3_600 }),
    ranks: [seen()],
    actions: [],
  },
  { title: 'leaves a queued job alone', job: job('queued'), ranks: [failed()], actions: [] },
  { title: 'leaves a finished job alone', job: job('succeeded'), ranks: [failed()], actions: [] },
  {
    title: 'waits for the first sight of the ranks',
    job: job('starting'),
    ranks: [],
    attempt: { heartbeats: mute, intendedAt: ago(5) },
    actions: [],
  },
  {
    title: 'relaunches an intent that nobody carried out',
    job: job('starting'),
    ranks: [],
    attempt: { heartbeats: mute },
    actions: ['relaunch'],
  },
  {
    title: 'relaunches a gang of which a part is missing',
    job: job('starting', 2),
    ranks: [seen()],
    attempt: { heartbeats: mute },
    actions: ['relaunch'],
  },
  {
    title: 'carries out in full a launch that was cut off when every rank was there, but nothing that they wait for',
    job: job('starting'),
    ranks: [seen({ phase: 'pending', startedAt: null })],
    attempt: { heartbeats: mute, launchedAt: null },
    actions: ['relaunch'],
  },
  {
    title: 'lets ranks of a recorded launch wait for a node as long as it takes',
    job: job('starting'),
    ranks: [seen({ phase: 'pending', startedAt: null })],
    attempt: { heartbeats: mute },
    actions: [],
  },
  {
    title: 'gives back what a part of a gang holds while the rest finds no place for too long',
    job: job('starting', 2),
    ranks: [seen({ placedAt: ago(61), startedAt: ago(50) }), seen({ rank: 1, phase: 'pending', placedAt: null, message: 'no GPU.' })],
    attempt: { heartbeats: new Map([[0, ago(1)]]) },
    event: { type: 'attemptFailed', reason: 'GangIncomplete', exitCode: null },
    actions: ['stop'],
  },
  {
    title: 'lets a gang grow whose last member found a place a moment ago',
    job: job('starting', 3),
    ranks: [
      seen({ placedAt: ago(100), startedAt: ago(9) }),
      seen({ rank: 1, placedAt: ago(59), startedAt: ago(9) }),
      seen({ rank: 2, phase: 'pending', placedAt: null }),
    ],
    attempt: { heartbeats: mute },
    actions: [],
  },
  {
    title: 'lets a gang wait as long as it takes that holds no place at all',
    job: job('starting', 2),
    ranks: [seen({ phase: 'pending', placedAt: null }), seen({ rank: 1, phase: 'pending', placedAt: null })],
    attempt: { heartbeats: mute },
    actions: [],
  },
  {
    title: 'blames the rank that failed first, not those that were ended because of it',
    job: job('running', 2),
    ranks: [failed({ reason: 'WorkerKilled', finishedAt: ago(1) }), failed({ rank: 1, reason: 'OOMKilled', finishedAt: ago(3) })],
    event: { type: 'attemptFailed', reason: 'OOMKilled' },
    actions: ['stop'],
  },
  {
    title: 'does not start an attempt over once a rank has spoken',
    job: job('running'),
    ranks: [],
    attempt: { heartbeats: new Map([[0, ago(15)]]) },
    actions: [],
  },
  {
    title: 'gives up an attempt whose rank vanished',
    job: job('running'),
    ranks: [],
    attempt: { heartbeats: new Map([[0, ago(40)]]) },
    event: { type: 'attemptFailed', reason: 'NodeLost' },
    actions: ['stop'],
  },
  {
    title: 'retries after a crash and ends the other ranks',
    job: job('running', 2),
    ranks: [seen(), failed({ rank: 1 })],
    event: { type: 'attemptFailed', reason: 'TrainerError', exitCode: 1 },
    actions: ['stop'],
  },
  {
    title: 'fails the job when the attempts are used up',
    job: job('running', 1, 2),
    ranks: [failed()],
    event: { type: 'jobFailed', reason: 'TrainerError' },
    actions: ['stop'],
  },
  {
    title: 'waits a little for the report of ranks that exited cleanly',
    job: job('running'),
    ranks: [seen({ phase: 'succeeded', exitCode: 0, finishedAt: ago(2) })],
    actions: [],
  },
  {
    title: 'calls a clean exit without a report an error of the trainer',
    job: job('running'),
    ranks: [seen({ phase: 'succeeded', exitCode: 0, finishedAt: ago(9) })],
    event: { type: 'attemptFailed', reason: 'TrainerError', exitCode: 0 },
    actions: ['stop'],
  },
  {
    title: 'does not mind the silence of a rank that has finished while another works on',
    job: job('running', 2),
    ranks: [seen({ phase: 'succeeded', finishedAt: ago(60) }), seen({ rank: 1 })],
    attempt: {
      heartbeats: new Map([
        [0, ago(60)],
        [1, ago(1)],
      ]),
    },
    actions: [],
  },
  {
    title: 'gives up an attempt whose heartbeat is lost',
    job: job('running'),
    ranks: [seen()],
    attempt: { heartbeats: new Map([[0, ago(31)]]) },
    event: { type: 'attemptFailed', reason: 'HeartbeatLost' },
    actions: ['stop'],
  },
  {
    title: 'blames the machine for the silence of a rank where the launcher hears nothing of it either',
    job: job('running'),
    ranks: [seen({ reason: 'NodeLost', message: 'The cluster hears nothing of node-1.' })],
    attempt: { heartbeats: new Map([[0, ago(31)]]) },
    event: { type: 'attemptFailed', reason: 'NodeLost', message: expect.stringMatching(/node-1/) },
    actions: ['stop'],
  },
  {
    title: 'goes on with a rank that speaks, whatever the launcher hears of its machine',
    job: job('running'),
    ranks: [seen({ reason: 'NodeLost' })],
    actions: [],
  },
  {
    title: 'does not blame a rank for the silence while nobody listened',
    job: job('running'),
    ranks: [seen()],
    attempt: { heartbeats: new Map([[0, ago(600)]]) },
    listeningSince: ago(10),
    actions: [],
  },
  {
    title: 'gives up a rank that runs and never called',
    job: job('starting'),
    ranks: [seen({ startedAt: ago(45) })],
    attempt: { heartbeats: mute },
    event: { type: 'attemptFailed', reason: 'HeartbeatLost' },
    actions: ['stop'],
  },
  {
    title: 'lets a pending rank wait for its node',
    job: job('starting'),
    ranks: [seen({ phase: 'pending', startedAt: null })],
    attempt: { heartbeats: mute },
    actions: [],
  },
  {
    title: 'asks first when a job is to pause',
    job: job('pausing'),
    ranks: [seen()],
    attempt: { stopRequestedAt: ago(5) },
    actions: ['commandStop'],
  },
  {
    title: 'forces what does not stop within the grace period',
    job: job('cancelling'),
    ranks: [seen()],
    attempt: { stopRequestedAt: ago(25) },
    actions: ['commandStop', 'stop'],
  },
  {
    title: 'ends a cancel, once force is due, although a silent machine does not let its rank end',
    job: job('cancelling', 2),
    ranks: [seen(), failed({ rank: 1 })],
    attempt: { stopRequestedAt: ago(25), heartbeats: new Map([[0, ago(31)]]) },
    event: { type: 'workersGone' },
    actions: ['stop'],
  },
  {
    title: 'waits for a silent rank while nobody listened',
    job: job('cancelling'),
    ranks: [seen()],
    attempt: { stopRequestedAt: ago(25), heartbeats: new Map([[0, ago(31)]]) },
    listeningSince: ago(10),
    actions: ['commandStop', 'stop'],
  },
  {
    title: 'stops a rank that never spoke at once',
    job: job('cancelling'),
    ranks: [seen({ phase: 'pending' })],
    attempt: { heartbeats: mute, stopRequestedAt: ago(0) },
    actions: ['commandStop', 'stop'],
  },
  {
    title: 'does not call a cancel done while a launch may be under way',
    job: job('cancelling'),
    ranks: [],
    attempt: { heartbeats: mute, intendedAt: ago(2) },
    actions: [],
  },
  { title: 'ends a cancel when no rank is left', job: job('cancelling'), ranks: [], event: { type: 'workersGone' }, actions: [] },
  {
    title: 'ends a pause when every rank has finished',
    job: job('pausing'),
    ranks: [failed()],
    event: { type: 'workersGone' },
    actions: [],
  },
];

describe('decide', () => {
  for (const { title, listeningSince, ...row } of rows)
    it(title, () => {
      const decision = decide(row.job, row.ranks, attempt(row.attempt), {
        ...context,
        listeningSince: listeningSince ?? context.listeningSince,
      });
      expect(decision.actions).toEqual(row.actions);
      if (row.event) expect(decision.event).toMatchObject(row.event);
      else expect(decision.event).toBeUndefined();
    });
});

import { type FineTuningJob, formatStreamPosition, isTerminal, type StreamPosition } from '@capstan/core';
import type { ApiContext } from '../api-context.ts';
import { presentJob } from '../present-jobs.ts';
import { eventToRest, logToRest, metricToRest } from '../rest/records-to-rest.ts';
import type { EventStream } from './event-stream.ts';

export interface JobStreamRequest {
  jobId: string;
  projectId: string;
  from: StreamPosition;
}

type StreamContext = Pick<ApiContext, 'db' | 'lookups' | 'clock' | 'changes'>;

/** Most records of one kind in one round; a reader far behind gets several rounds. */
const PAGE = { events: 200, metrics: 1_000, logs: 500 };
/** A busy job changes many times a second; its readers look four times. */
const ROUND_INTERVAL_MS = 250;
const HEARTBEAT_MS = 15_000;

/**
 * Sends the job and everything it recorded after `from`, then what comes, until the job has ended and all is sent. Each round reads the job
 * first: once that copy is terminal nothing can be recorded any more, so a round that finds nothing further is the last.
 */
export async function streamJob(
  context: StreamContext,
  stream: EventStream,
  request: JobStreamRequest,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const bell = createBell(context, request.jobId);
  const sent = { ...request.from };
  let shown = '';
  try {
    for (;;) {
      bell.reset();
      const job = await context.db.jobs.get(request.jobId, request.projectId);
      if (job === null) return;
      const text = JSON.stringify(await presentJob(context, job));
      if (text !== shown) await stream.send({ event: 'job', id: formatStreamPosition(sent), data: text }, { signal });
      shown = text;
      const isBehind = await sendRecords(context, stream, { job, sent }, { signal });
      if (isBehind) continue;
      if (isTerminal(job.status)) return await stream.send({ event: 'done', id: formatStreamPosition(sent), data: text }, { signal });
      await context.clock.sleep(ROUND_INTERVAL_MS, { signal });
      if (!(await bell.wait(HEARTBEAT_MS, signal))) stream.heartbeat();
    }
  } finally {
    bell.stop();
  }
}

/** Moves `sent` on; true where more may be waiting than one page holds. */
async function sendRecords(
  { db }: StreamContext,
  stream: EventStream,
  { job, sent }: { job: FineTuningJob; sent: StreamPosition },
  options: { signal: AbortSignal },
): Promise<boolean> {
  const [events, metrics, logs] = await Promise.all([
    db.events.listAfter(job.id, sent.event, PAGE.events),
    db.metrics.list(job.id, { afterSeq: sent.metric, limit: PAGE.metrics }),
    db.logs.list(job.id, { after: sent.log, limit: PAGE.logs }),
  ]);
  for (const event of events) {
    sent.event = event.seq;
    await stream.send({ event: 'event', id: formatStreamPosition(sent), data: eventToRest(event) }, options);
  }
  const lastMetric = metrics.at(-1);
  if (lastMetric) {
    sent.metric = lastMetric.seq;
    await stream.send({ event: 'metrics', id: formatStreamPosition(sent), data: { data: metrics.map(metricToRest) } }, options);
  }
  for (const line of logs) {
    sent.log = line.seq;
    await stream.send({ event: 'log', id: formatStreamPosition(sent), data: logToRest(line) }, options);
  }
  return events.length === PAGE.events || metrics.length === PAGE.metrics || logs.length === PAGE.logs;
}

/** Remembers whether the job changed since the last look, so a change during a round is not missed. */
function createBell({ changes, clock }: StreamContext, jobId: string) {
  let hasRung = false;
  let wake = () => {};
  const unwatch = changes.watch(jobId, () => {
    hasRung = true;
    wake();
  });
  return {
    reset: () => {
      hasRung = false;
    },
    /** True once it rings, false after `timeoutMs`. */
    wait: async (timeoutMs: number, signal: AbortSignal): Promise<boolean> => {
      if (hasRung) return true;
      const timer = new AbortController();
      wake = () => timer.abort();
      await clock.sleep(timeoutMs, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => undefined);
      signal.throwIfAborted();
      return hasRung;
    },
    stop: unwatch,
  };
}

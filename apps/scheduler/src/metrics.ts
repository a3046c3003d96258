import { FAILURE_REASONS, type FailureReason } from '@capstan/core';
import { Counter, Histogram, Registry } from 'prom-client';

/** Found by a sweep or by reconcile and put right: a crash, or a fault, has left something half done. */
const REPAIRS = ['entry_restored', 'entry_removed', 'reservation_released', 'launch_repeated', 'orphan_rank_stopped'] as const;
/** Cleared away by a sweep because its time is over; busy platforms do this all day. */
const REMOVALS = ['finished_rank', 'checkpoint_state', 'artifact', 'unfinished_write', 'idempotency_key'] as const;
/** How attempts end that nothing went wrong with. */
const GOOD_ENDS = ['Succeeded', 'Paused', 'Cancelled'] as const;
export type AttemptEnd = FailureReason | (typeof GOOD_ENDS)[number];

/** Seconds: from a job that finds a free slot to one that waits for days. */
const WAIT_BUCKETS = [0.1, 0.5, 1, 2, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200];

export type SchedulerMetrics = ReturnType<typeof createMetrics>;

/** What a scheduler counts while it lives; `docs/metrics.md` says what each number means. Every known label begins at 0. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const plain = (name: string, help: string) => new Counter({ name, help, registers });
  function counter<Label extends string>(name: string, help: string, label: Label, values: readonly string[]): Counter<Label> {
    const made = new Counter({ name, help, labelNames: [label], registers });
    for (const value of values) made.inc({ [label]: value } as Record<Label, string>, 0);
    return made;
  }

  return {
    registry,
    launches: counter('capstan_launches_total', 'Calls of the launcher, by outcome.', 'outcome', ['launched', 'refused']),
    attemptsEnded: counter('capstan_attempts_ended_total', 'Attempts that ended, by reason.', 'reason', [...FAILURE_REASONS, ...GOOD_ENDS]),
    jobsEnded: counter('capstan_jobs_ended_total', 'Jobs that ended with an attempt, by status.', 'status', ENDS),
    waitSeconds: new Histogram({
      name: 'capstan_job_wait_seconds',
      help: 'From the creation of a job to the first time that all its ranks are ready.',
      labelNames: ['pool'],
      buckets: WAIT_BUCKETS,
      registers,
    }),
    reportsAccepted: plain('capstan_reports_accepted_total', 'Reports of ranks that were committed.'),
    staleRefused: plain('capstan_stale_epochs_refused_total', 'Calls and reports of attempts that were over already.'),
    entriesDropped: plain('capstan_queue_entries_dropped_total', 'Queue entries whose job no longer waited for them when they were taken.'),
    repairs: counter('capstan_sweep_repairs_total', 'What sweeps found half done and put right, by kind.', 'kind', REPAIRS),
    removals: counter('capstan_sweep_removals_total', 'What sweeps cleared away because its time was over, by kind.', 'kind', REMOVALS),
    poolScalings: new Counter({
      name: 'capstan_pool_scalings_total',
      help: 'Changes of size that the autoscaler made, by pool and direction.',
      labelNames: ['pool', 'direction'],
      registers,
    }),
    serving: counter('capstan_serving_events_total', 'Serving workers started and lost, and requests turned away.', 'event', SERVING),
  };
}

const ENDS = ['succeeded', 'failed', 'cancelled'];
const SERVING = ['start', 'crash', 'refusal'];

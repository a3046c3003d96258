import type { NumberedReport } from '@capstan/core';
import type { WorkerSession } from '@capstan/proto';
import { gather } from '../gather.ts';
import type { ObservedRanks } from '../reconcile/observed-ranks.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { applyEnding, isEnding } from './apply-ending.ts';
import type { Heartbeats } from './heartbeats.ts';
import { refusalOfGap, requireNothingMissing } from './report-gaps.ts';

/** Reports held per rank while the database is busy, and so the largest batch written at once. */
const MAX_GATHERED = 2_000;

export interface RecordOptions {
  heartbeats: Heartbeats;
  observed: ObservedRanks;
  /** Told of reports that are committed, ready and step reports among them. */
  onRecorded: (reports: NumberedReport[]) => Promise<void>;
}

/**
 * Writes what the rank reports until it leaves, and acknowledges only what is committed. All that arrives during one transaction goes
 * into the next. A report that ends the attempt is applied after everything before it is stored, and refused where some of that is
 * missing; nothing after it is looked at.
 */
export async function recordReports(session: WorkerSession, context: SchedulerContext, options: RecordOptions): Promise<void> {
  let isFirstBatch = true;
  for await (const reports of gather(readReports(session, options.heartbeats), MAX_GATHERED)) {
    const hasEnded = await record(session, reports, context, options).catch((error: unknown) => {
      throw refusalOfGap(error, isFirstBatch);
    });
    if (hasEnded) return;
    isFirstBatch = false;
  }
}

/** Whether one of the reports ended the attempt. */
async function record(session: WorkerSession, reports: NumberedReport[], context: SchedulerContext, options: RecordOptions) {
  const { identity } = session;
  const ending = reports.findIndex(({ report }) => isEnding(report, identity.rank));
  await append(session, ending === -1 ? reports : reports.slice(0, ending), context, options);
  const last = reports[ending];
  if (last === undefined || !isEnding(last.report, identity.rank)) return false;
  await requireNothingMissing(identity, last, context.db);
  await applyEnding(identity, last.report, { ...context, observed: options.observed });
  session.ack(last.sequence);
  return true;
}

async function* readReports(session: WorkerSession, heartbeats: Heartbeats): AsyncGenerator<NumberedReport[]> {
  for await (const { reports } of session.batches) {
    heartbeats.note(session.identity);
    yield reports;
  }
}

async function append(session: WorkerSession, reports: NumberedReport[], { db, metrics }: SchedulerContext, options: RecordOptions) {
  if (reports.length === 0) return;
  const { acknowledged } = await db.reports.append({ identity: session.identity, reports });
  metrics.reportsAccepted.inc(reports.length);
  session.ack(acknowledged);
  await options.onRecorded(reports);
}

import type { FineTuningJob } from '@capstan/core';
import type { SchedulerContext } from '../../scheduler-context.ts';

/** The context, which throws where a verdict on one attempt falls on the next. */
export function watchVerdicts(context: SchedulerContext, judged: FineTuningJob): SchedulerContext {
  const { jobs } = context.db;
  const applyEvent: typeof jobs.applyEvent = async (id, event, effects) => {
    const before = await jobs.get(id);
    const applied = await jobs.applyEvent(id, event, effects);
    if (applied.ok && before?.epoch !== judged.epoch)
      throw new Error(`${event.type} of epoch ${judged.epoch} fell on epoch ${before?.epoch} of ${id}.`);
    return applied;
  };
  return { ...context, db: { ...context.db, jobs: { ...jobs, applyEvent } } };
}

import type { EventObject, JobObject, JobStreamMessage } from '@capstan/core';
import { UnavailableError } from '@capstan/core';
import type { ProgressDisplay } from './progress-display.ts';
import { type TrainingView, viewOf, withMetric } from './progress-line.ts';

/** Shows a job's stream until the job has ended, and answers its last row. */
export async function followJob(messages: AsyncIterable<JobStreamMessage>, display: ProgressDisplay): Promise<JobObject> {
  let view: TrainingView | null = null;
  try {
    for await (const message of messages) {
      if (message.type === 'done') return message.data;
      view = nextView(view, message);
      if (view !== null) display.update(view);
      if (message.type === 'event' && !isAboutProgress(message.data)) display.say(message.data.message);
    }
  } finally {
    display.stop();
  }
  throw new UnavailableError('The stream of the job ended before the job did.');
}

/** Evaluations and checkpoints name their step: the display shows how far the run is anyway. */
function isAboutProgress({ type, data }: EventObject): boolean {
  return type === 'metrics' || data?.step !== undefined;
}

/** A job row carries the phase; figures between two rows come from metrics. */
function nextView(view: TrainingView | null, message: JobStreamMessage): TrainingView | null {
  if (message.type === 'job') {
    const fresh = viewOf(message.data);
    return view === null || fresh.step >= view.step
      ? { ...fresh, evalLoss: fresh.evalLoss ?? view?.evalLoss ?? null }
      : { ...view, phase: fresh.phase };
  }
  if (message.type === 'metrics' && view !== null) return message.data.data.reduce(withMetric, view);
  return view;
}

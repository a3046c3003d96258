import { ShutdownError } from '@capstan/core';
import { ReportedError } from '../cli-errors.ts';
import { describeError } from '../describe-error.ts';
import { defaultDataDir } from '../platform/index.ts';
import type { Session } from '../session.ts';
import { DEMO_STEPS } from './demo-job.ts';
import { type DemoSummary, failureSummary, successSummary } from './demo-summary.ts';
import { makeNarrator } from './narrator.ts';
import { tellStory } from './tell-story.ts';
import { withDemoPlatform } from './with-demo-platform.ts';

export interface DemoOptions {
  keep?: boolean;
}

/** Tells the story; the last line of standard output is one JSON document, whether it went well or not. With --json it is the only one. */
export async function runDemo(session: Session, { keep = false }: DemoOptions): Promise<void> {
  const { context, output } = session;
  const startedAt = context.clock.now().getTime();
  const secondsSoFar = () => (context.clock.now().getTime() - startedAt) / 1000;
  const narrator = makeNarrator(output.json ? { ...output, line: () => {} } : output);
  const printSummary = (summary: DemoSummary) => output.line(JSON.stringify(summary));
  try {
    let summary: DemoSummary | null = null;
    await withDemoPlatform(session, narrator, { keep }, async (demo) => {
      const results = await tellStory(demo);
      summary = successSummary(results, DEMO_STEPS, secondsSoFar());
      if (keep) printSummary(summary);
    });
    if (summary !== null && !keep) printSummary(summary);
  } catch (error) {
    const isInterrupted = error instanceof ShutdownError;
    const message = isInterrupted ? 'Interrupted.' : describeError(error);
    const logs = defaultDataDir(context.env).logs;
    narrator.fail(isInterrupted ? 'Interrupted: the demo ends here.' : `The demo failed: ${message}\nThe logs are in ${logs}.`);
    printSummary(failureSummary(message.split('\n')[0] ?? message, secondsSoFar()));
    throw isInterrupted ? error : new ReportedError(error);
  }
}

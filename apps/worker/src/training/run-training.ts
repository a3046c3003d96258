import { type BackendReport, initBackend } from '@capstan/trainer';
import { evaluateRun } from '../evaluation/evaluate-run.ts';
import { untilAborted } from '../until-aborted.ts';
import { type BaseOutcome, finishRun } from './finish-run.ts';
import { prepareRun, type TrainingRun } from './prepare-run.ts';
import { isPoliteStop } from './stop-control.ts';
import { trainAndReport } from './train-loop.ts';
import type { TrainingContext } from './training-context.ts';

/**
 * One attempt, from its assignment to the report that ends it: `succeeded`, or `stopped` after a polite stop. Everything else that
 * can go wrong is thrown.
 */
export async function runTraining(context: TrainingContext): Promise<void> {
  const { connection, control, reporter } = context;
  let step = 0;
  try {
    const assignment = await untilAborted(connection.assignment(), control.stop);
    step = assignment.checkpoints[0]?.step ?? 0;
    reporter.report({ type: 'phase', phase: 'loading' });
    const backend = await initBackend({ ...(context.preferredBackend && { prefer: context.preferredBackend }) });
    const run = await prepareRun(assignment, { ...context, signal: control.stop });
    reportReady(backend, run, context);
    const base = assignment.rank === 0 ? await evaluateBase(run, context) : NO_EVALUATION;
    reporter.report({ type: 'phase', phase: 'training' });
    const trained = await trainAndReport(run, context);
    step = trained.step;
    if (trained.end === 'stopped') reporter.report({ type: 'stopped', step });
    else await finishRun({ run, base, trained, backend: backend.name }, context);
  } catch (error) {
    // Before the first step and after the last there is nothing to save that is not saved already.
    if (error !== control.stop.reason || !isPoliteStop(error)) throw error;
    reporter.report({ type: 'stopped', step });
  }
}

function reportReady(backend: BackendReport, run: TrainingRun, { reporter }: TrainingContext): void {
  const refused = backend.tried.filter(({ ok }) => !ok).map(({ name, reason }) => `${name} ${refusal(reason)}`);
  const detail = [backend.reason, `${backend.gflops.toFixed(1)} GFLOP/s.`, ...refused].join(' ');
  reporter.report({ type: 'ready', backend: backend.name, detail });
  const trainable = run.adapter?.parameters().reduce((sum, { shape }) => sum + shape.reduce((size, n) => size * n, 1), 0);
  const trained = trainable === undefined ? 'all of them train' : `the adapter adds ${trainable}`;
  reporter.say('info', `Backend ${backend.name}: ${detail}`);
  reporter.say('info', `${run.examples.length} training rows; the model has ${run.model.parameterCount} parameters, ${trained}.`);
}

/** The common case in two words: Node's own sentence for it is long, and names a path of this machine. */
function refusal(reason: string): string {
  return /^Cannot find (package|module)/.test(reason) ? 'is not installed.' : `was passed over: ${reason}`;
}

/** Rank 0 measures for all. */
const NO_EVALUATION: BaseOutcome = { figures: null, outputs: [] };

/** Measures the base once per job: a later attempt is told what an earlier one found. */
async function evaluateBase(run: TrainingRun, { reporter, control, clock }: TrainingContext): Promise<BaseOutcome> {
  const known = run.assignment.baseEvaluation;
  if (known) return known;
  reporter.report({ type: 'phase', phase: 'evaluating' });
  const { figures, answers } = await evaluateRun(run, { adapter: undefined, signal: control.stop });
  if (figures) {
    reporter.report({ type: 'baseEvaluation', figures, outputs: answers.texts });
    reporter.report({ type: 'evaluation', step: 0, evalLoss: figures.loss, tokenAccuracy: figures.tokenAccuracy, at: clock.now() });
  }
  return { figures, outputs: answers.texts };
}

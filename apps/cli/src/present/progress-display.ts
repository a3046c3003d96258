import cliProgress from 'cli-progress';
import type { OutputStream } from '../cli-context.ts';
import type { Output } from '../output/output.ts';
import { progressFigures, type TrainingView } from './progress-line.ts';

/** Shows how a run goes on. */
export interface ProgressDisplay {
  update(view: TrainingView): void;
  /** Says something that stays on the screen. */
  say(text: string): void;
  /** Leaves the last figures on the screen; a second call does nothing. */
  stop(): void;
}

/** A bar that redraws itself on a terminal; elsewhere a plain line at every tenth of the run and at every new evaluation. */
export function makeProgressDisplay(output: Output, stream: OutputStream): ProgressDisplay {
  return output.interactive ? makeBar(output, stream) : makeLines(output);
}

const BAR_COLUMNS = 20;
/** Brackets, spaces and the percentage around the bar, and one column that some terminals wrap at. */
const DECORATION_COLUMNS = 10;

function makeBar(output: Output, stream: OutputStream): ProgressDisplay {
  const bars = new cliProgress.MultiBar({
    format: `${output.colors.cyan('{bar}')} {percentage}% {figures}`,
    barsize: BAR_COLUMNS,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    linewrap: null,
    gracefulExit: false,
    fps: 8,
    stream,
  });
  let bar: cliProgress.SingleBar | null = null;
  let stopped = false;
  return {
    update(view) {
      const figures = view.phase === 'training' || view.step > 0 ? figuresOf(view, output.columns) : view.phase;
      bar ??= bars.create(view.totalSteps, 0, { figures });
      bar.update(view.step, { figures });
    },
    say(text) {
      if (bar === null) output.line(text);
      else bars.log(`${text}\n`);
    },
    stop() {
      if (stopped) return;
      stopped = true;
      bars.update();
      bars.stop();
    },
  };
}

function figuresOf(view: TrainingView, columns: number): string {
  const figures = progressFigures(view, columns - BAR_COLUMNS - DECORATION_COLUMNS);
  return view.phase === 'training' ? figures : `${figures} (${view.phase})`.slice(0, columns - BAR_COLUMNS - DECORATION_COLUMNS);
}

const LINE_EVERY_SHARE = 0.1;
const PLAIN_COLUMNS = 200;

function makeLines(output: Output): ProgressDisplay {
  let nextShare = 0;
  let lastEvalLoss: number | null = null;
  return {
    update(view) {
      if (view.step === 0) return;
      const share = view.step / view.totalSteps;
      const isNewEvaluation = view.evalLoss !== lastEvalLoss;
      if (share < nextShare && !isNewEvaluation) return;
      lastEvalLoss = view.evalLoss;
      while (nextShare <= share) nextShare += LINE_EVERY_SHARE;
      output.line(progressFigures(view, PLAIN_COLUMNS));
    },
    say: (text) => output.line(text),
    stop() {},
  };
}

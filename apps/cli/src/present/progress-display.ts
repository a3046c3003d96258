import cliProgress from 'cli-progress';
import type { OutputStream } from '../cli-context.ts';
import { formatLoss, wrap } from '../output/format.ts';
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

interface DisplayOptions {
  stream: OutputStream;
  /** Stands before every line. */
  indent?: string;
}

/** A bar that redraws itself on a terminal; elsewhere a plain line at every tenth of the run and for every evaluation. */
export function makeProgressDisplay(output: Output, { stream, indent = '' }: DisplayOptions): ProgressDisplay {
  return output.interactive ? makeBar(output, stream, indent) : makeLines(output, indent);
}

const BAR_COLUMNS = { narrow: 12, wide: 20 };
const WIDE_TERMINAL_COLUMNS = 100;
/** The space after the bar, and the last column, at which some terminals wrap. */
const DECORATION_COLUMNS = 2;

function makeBar(output: Output, stream: OutputStream, indent: string): ProgressDisplay {
  const barsize = output.columns < WIDE_TERMINAL_COLUMNS ? BAR_COLUMNS.narrow : BAR_COLUMNS.wide;
  const bars = new cliProgress.MultiBar({
    format: `${indent}${output.colors.cyan('{bar}')} {figures}`,
    barsize,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    // Otherwise the library cuts the line, colour codes counted.
    linewrap: false,
    gracefulExit: false,
    // Saying something wipes the bar, and the library thinks that an unchanged one still stands.
    forceRedraw: true,
    fps: 8,
    stream,
  });
  const width = output.columns - indent.length - barsize - DECORATION_COLUMNS;
  let bar: cliProgress.SingleBar | null = null;
  let stopped = false;
  return {
    update(view) {
      const figures = barFigures(view, width);
      bar ??= bars.create(view.totalSteps, 0, { figures });
      bar.update(view.step, { figures });
    },
    say(text) {
      // The library switches the terminal's own wrapping off while a bar is shown.
      const lines = wrap(text, output.columns - indent.length - 1).map((line) => `${indent}${line}`);
      if (bar === null) output.line(lines.join('\n'));
      else for (const line of lines) bars.log(`${line}\n`);
    },
    stop() {
      if (stopped) return;
      stopped = true;
      bars.update();
      bars.stop();
    },
  };
}

/** What the ranks do stands before the figures unless they train. */
function barFigures(view: TrainingView, width: number): string {
  if (view.phase === 'training') return progressFigures(view, width);
  if (view.step === 0) return view.phase;
  const phase = `${view.phase} · `;
  return `${phase}${progressFigures(view, width - phase.length)}`;
}

const PLAIN_COLUMNS = 200;

function makeLines(output: Output, indent: string): ProgressDisplay {
  let tenthsShown = -1;
  let lastEvalLoss: number | null = null;
  const line = (text: string) => output.line(`${indent}${text}`);
  return {
    update(view) {
      if (view.evalLoss !== null && view.evalLoss !== lastEvalLoss) {
        lastEvalLoss = view.evalLoss;
        line(`validation loss ${formatLoss(view.evalLoss)} at step ${view.step}`);
      }
      const tenths = Math.floor((view.step * 10) / view.totalSteps);
      if (view.step === 0 || tenths <= tenthsShown) return;
      tenthsShown = tenths;
      line(progressFigures(view, PLAIN_COLUMNS));
    },
    say: line,
    stop() {},
  };
}

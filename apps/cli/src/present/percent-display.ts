import cliProgress from 'cli-progress';
import type { OutputStream } from '../cli-context.ts';
import type { Output } from '../output/output.ts';

export interface PercentDisplay<Figures> {
  /** `share` is from 0 to 1. */
  update(share: number, figures: Figures): void;
  /** Leaves the last figures on the screen; a second call does nothing. */
  stop(): void;
}

/** A bar that redraws itself on a terminal; elsewhere a line at every tenth. */
export function makePercentDisplay<Figures>(
  output: Output,
  stream: OutputStream,
  describe: (figures: Figures) => string,
): PercentDisplay<Figures> {
  if (!output.interactive) {
    let tenths = 0;
    return {
      update: (share, figures) => {
        const reached = Math.floor(share * 10);
        if (reached > tenths) output.note(`${reached * 10} %: ${describe(figures)}`);
        tenths = Math.max(tenths, reached);
      },
      stop: () => undefined,
    };
  }
  const format = `${output.colors.cyan('{bar}')} {percentage} % {figures}`;
  const bar = new cliProgress.SingleBar({ format, barsize: 20, hideCursor: true, gracefulExit: false, fps: 8, stream });
  let isStarted = false;
  return {
    update: (share, figures) => {
      if (!isStarted) bar.start(1_000, 0, { figures: '' });
      isStarted = true;
      bar.update(Math.round(share * 1_000), { figures: describe(figures) });
    },
    stop: () => bar.stop(),
  };
}

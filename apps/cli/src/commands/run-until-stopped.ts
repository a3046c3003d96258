import type { CliContext } from '../cli-context.ts';
import type { Output } from '../output/output.ts';
import type { Platform } from '../platform/index.ts';

interface Run<Result> {
  start: (announce: (message: string) => void) => Promise<Platform>;
  run: (platform: Platform) => Promise<Result>;
}

/** 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Starts a platform, runs `run`, and stops the platform whatever happened. The first Ctrl-C stops politely: ranks save a checkpoint first.
 * One more ends this process, and the platform with it.
 */
export async function runUntilStopped<Result>(context: CliContext, output: Output, { start, run }: Run<Result>): Promise<Result> {
  context.onImpatience(() => {
    output.note('Ending at once.');
    process.exit(INTERRUPTED);
  });
  const platform = await start((message) => output.note(message));
  try {
    return await run(platform);
  } finally {
    if (context.signal.aborted) output.note('\nStopping; running jobs save a checkpoint first. Ctrl-C once more ends at once.');
    await platform.stop();
    output.note('Capstan is down; nothing is left running.');
  }
}

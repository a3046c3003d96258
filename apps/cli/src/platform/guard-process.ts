import { spawn } from 'node:child_process';

/**
 * Ends a child when this process dies without a chance to: a shell waits on a pipe from here, and its end without the word `done` means
 * death. Dismiss it once the child has ended.
 */
export function guardProcess(pid: number): { dismiss(): void } {
  const guard = spawn('/bin/sh', ['-c', `read -r word; [ "$word" = done ] || kill -TERM ${pid}`, 'capstan-guard'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell, or once it is gone, the child is simply not guarded.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  return { dismiss: () => guard.stdin.end('done\n') };
}

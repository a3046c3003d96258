import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REFERENCE = fileURLToPath(new URL('../../reference/', import.meta.url));

/** The interpreter that follows `--python`, else python3, if it has the reference libraries; or null. */
export function findPython(args: readonly string[]): string | null {
  const named = args.indexOf('--python');
  const candidates = [named === -1 ? undefined : args[named + 1], 'python3'].filter((name) => name !== undefined);
  return candidates.find((name) => spawnSync(name, ['-c', 'import torch, transformers, peft']).status === 0) ?? null;
}

/** Runs one of the reference scripts to its end and gives its last line. */
export function runPython(python: string, script: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ['-B', REFERENCE + script, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${script} ended with status ${status}: ${stderr.slice(-2_000)}`);
  return stdout.trim().split('\n').at(-1) ?? '';
}

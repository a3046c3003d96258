import { readFileSync } from 'node:fs';

/** Beside the connections of ranks: the API server's, Postgres', Redis', and the files of a process itself. */
const OTHERS = 500;

/** What is to be said where a process may not open as many files as `pods` need: each that runs is a connection here, and one of the scheduler's. */
export function describeShortage(pods: number): string | null {
  const limit = Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity);
  if (limit >= pods + OTHERS) return null;
  return `A process may open ${limit} files here, too few for ${pods} pods at once: \`ulimit -n ${pods + OTHERS}\` first.`;
}

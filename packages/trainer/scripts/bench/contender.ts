import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Measurement {
  value: number;
  peakBytes: number;
}

/** One side of a comparison: a process that has loaded its model and measures once for every line that it is sent. */
export interface Contender {
  measure(): Promise<Measurement>;
  stop(): void;
}

/** Longer than any measurement takes on a busy machine; a process that hangs must not hold the rest up. */
const LIMIT_MS = 180_000;

export function startContender(command: string, args: readonly string[]): Contender {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    measure: async () => {
      child.stdin.write('\n');
      return JSON.parse(await withLimit(nextMeasurement(lines), child)) as Measurement;
    },
    stop: () => {
      child.kill();
    },
  };
}

/** Libraries print lines of their own. */
async function nextMeasurement(lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error('The measuring process ended.');
    if (value.startsWith('{"value"')) return value;
  }
}

async function withLimit<Result>(result: Promise<Result>, child: ChildProcess): Promise<Result> {
  const timer = setTimeout(() => child.kill(), LIMIT_MS);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
  }
}

export interface Comparison {
  own: Measurement;
  peer: Measurement | null;
}

/** Both sides in turns, so that whatever else the machine does falls on both; the medians of all rounds but the first, which warms up. */
export async function compare(own: Contender, peer: Contender | null, rounds: number): Promise<Comparison> {
  const taken: { own: Measurement[]; peer: Measurement[] } = { own: [], peer: [] };
  try {
    for (let round = 0; round <= rounds; round++) {
      taken.own.push(await own.measure());
      if (peer !== null) taken.peer.push(await peer.measure());
    }
  } finally {
    own.stop();
    peer?.stop();
  }
  return { own: summary(taken.own), peer: peer === null ? null : summary(taken.peer) };
}

function summary(measurements: readonly Measurement[]): Measurement {
  const values = measurements
    .slice(1)
    .map(({ value }) => value)
    .sort((a, b) => a - b);
  const [low, high] = [values[(values.length - 1) >> 1] as number, values[values.length >> 1] as number];
  return { value: (low + high) / 2, peakBytes: Math.max(...measurements.map(({ peakBytes }) => peakBytes)) };
}

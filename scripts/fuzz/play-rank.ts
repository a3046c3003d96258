import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '../../apps/cli/src/platform/index.ts';
import type { PlayedRank } from './fuzz-world.ts';
import { connectRest } from './rest-helper.ts';

const POLL_MS = 20;
const PATIENCE_MS = 30_000;

interface Launched {
  rank: PlayedRank;
  /** Lets the process go, so that it can be ended. */
  release: () => void;
}

/**
 * Has a job launched and stops its worker's process before it says anything: the attempt is open, its token is good, and whoever holds it
 * is the rank. The job also takes the pool's only slot, so nothing that the fuzzer submits starts to train.
 */
export async function playRank({ baseUrl, apiKey, dataDir }: Platform, baseModel: string): Promise<Launched> {
  const rest = connectRest(baseUrl, apiKey);
  const row = JSON.stringify({
    messages: [
      { role: 'user', content: 'A' },
      { role: 'assistant', content: 'b' },
    ],
  });
  const file = await rest.upload('played.jsonl', `${row}\n${row}\n`);
  const { id: jobId } = await rest.post<{ id: string }>('/fine_tuning/jobs', {
    model: baseModel,
    training_file: file,
    capstan: { priority: 0, max_attempts: 1 },
  });
  const run = join(dataDir.runs, `${jobId}-a1`);
  const { pid } = await readSoon<{ pid: number }>(join(run, 'rank-0', 'worker.json'));
  process.kill(pid, 'SIGSTOP');
  const token = readFileSync(join(run, 'token'), 'utf8').trim();
  const [, , attempt, epoch] = token.split('.');
  return { rank: { jobId, attempt: Number(attempt), epoch: Number(epoch), token, next: 1 }, release: () => signalQuietly(pid, 'SIGCONT') };
}

async function readSoon<Content>(path: string): Promise<Content> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as Content;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  throw new Error(`${path} did not appear within ${PATIENCE_MS} ms.`);
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

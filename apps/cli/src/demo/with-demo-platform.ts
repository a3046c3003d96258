import { join } from 'node:path';
import { createClient } from '@capstan/client';
import { runUntilStopped } from '../commands/run-until-stopped.ts';
import { formatDuration } from '../output/format.ts';
import {
  type Credentials,
  defaultDataDir,
  findRepositoryRoot,
  type Platform,
  readCredentials,
  readLockHolder,
  startPlatform,
} from '../platform/index.ts';
import type { Session } from '../session.ts';
import { untilAborted } from '../until-aborted.ts';
import type { DemoContext } from './demo-context.ts';
import type { Narrator } from './narrator.ts';

/** Runs `tell` on the platform that is up on this data directory, or on one that lives as long as the story; `keep` leaves that one up. */
export async function withDemoPlatform(
  session: Session,
  narrator: Narrator,
  { keep }: { keep: boolean },
  tell: (demo: DemoContext) => Promise<void>,
): Promise<void> {
  const { context, output } = session;
  const dataDir = defaultDataDir(context.env);
  const holder = readLockHolder(dataDir.lockFile);
  const credentials = readCredentials(dataDir.credentialsFile);
  narrator.chapter('Bringing up the platform');
  if (holder !== null && credentials !== null) {
    narrator.say(`Capstan is already up on this machine (pid ${holder.pid}): the demo uses it and leaves it up.`);
    return tell(describeDemo(session, narrator, credentials));
  }
  narrator.say('Postgres, a queue, the scheduler and the API start on this machine; every training run will be a process of its own.');
  const startedAt = context.clock.now().getTime();
  await runUntilStopped(context, output, {
    start: (announce) => startPlatform({ ...context, dataDir, announce }),
    run: async (platform) => {
      narrator.say(`Up after ${formatDuration((context.clock.now().getTime() - startedAt) / 1000)}: ${whereItIs(platform)}`);
      await tell(describeDemo(session, narrator, platform));
      if (!keep) return;
      output.note(`The platform stays up at ${platform.baseUrl}. Ctrl-C stops it.`);
      await untilAborted(context.signal);
    },
  });
}

function whereItIs({ baseUrl, queue }: Platform): string {
  return `the API is at ${baseUrl}, its documentation at ${new URL('/docs', baseUrl).href}, the queue in ${queue === 'redis' ? 'Redis' : 'Postgres'}.`;
}

function describeDemo({ context, output }: Session, narrator: Narrator, { baseUrl, apiKey }: Credentials): DemoContext {
  const { clock, fetch, signal, stdout, env } = context;
  return {
    client: createClient({ baseUrl, apiKey, clock, fetch }),
    narrator,
    output,
    stdout,
    clock,
    signal,
    baseUrl,
    dataDir: defaultDataDir(env),
    datasetDir: join(findRepositoryRoot(), 'examples', 'debian-synopsis'),
  };
}

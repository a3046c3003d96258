import { resolve } from 'node:path';
import type { PulledModel, PullProgress } from '@capstan/hub';
import { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { formatBytes } from '../output/format.ts';
import { defaultDataDir } from '../platform/data-dir.ts';
import { makePercentDisplay } from '../present/percent-display.ts';
import { type Session, withSession } from '../session.ts';

interface PullCommandOptions {
  revision?: string;
  modelsDir?: string;
}

export function pullModelCommand(context: CliContext): Command {
  return new Command('pull')
    .argument('<name>', 'as ORGANISATION/NAME')
    .description('bring a model of the Hugging Face Hub to the platform on this machine (HF_TOKEN, HF_ENDPOINT)')
    .option('--revision <name>', 'a branch, tag or commit (main)')
    .option('--models-dir <folder>', 'where the models of another platform lie')
    .action(withSession(context, (session, options: PullCommandOptions, [name = '']) => pull(session, options, name)));
}

async function pull({ context, output }: Session, { revision, modelsDir }: PullCommandOptions, name: string): Promise<void> {
  const { env, fetch, signal, stderr } = context;
  const dataDir = defaultDataDir(env);
  const { pullModel } = await import('@capstan/hub'); // no other command waits for it
  const display = makePercentDisplay(output, stderr, describeProgress);
  try {
    const pulled = await pullModel(name, {
      revision,
      modelsDir: modelsDir === undefined ? dataDir.models : resolve(modelsDir),
      cacheDir: dataDir.hub,
      endpoint: env.HF_ENDPOINT || undefined,
      token: env.HF_TOKEN || undefined,
      fetch,
      signal,
      onProgress: (progress) => display.update(progress.loadedBytes / Math.max(1, progress.totalBytes), progress),
    });
    display.stop();
    output.result(documentOf(pulled), () => textOf(pulled));
  } finally {
    display.stop();
  }
}

function describeProgress({ loadedBytes, totalBytes }: PullProgress): string {
  return `${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}`;
}

function documentOf({ downloadedBytes, ...pulled }: PulledModel) {
  return { ...pulled, downloaded_bytes: downloadedBytes };
}

function textOf({ model, revision, folder, downloadedBytes }: PulledModel): string {
  const loaded = downloadedBytes === 0 ? 'was here already' : `has come (${formatBytes(downloadedBytes)})`;
  return `${model} ${loaded}, at ${revision.slice(0, 12)} in ${folder}.\nA platform that reads this folder lists it within seconds: capstan models list.`;
}

import { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { CliContext } from '../cli-context.ts';
import { defaultDataDir, type Platform, startPlatform } from '../platform/index.ts';
import { type Session, withSession } from '../session.ts';
import { untilAborted } from '../until-aborted.ts';
import { runUntilStopped } from './run-until-stopped.ts';

interface UpOptions {
  host: string;
  port?: number;
  grpcPort?: number;
}

export function upCommand(context: CliContext): Command {
  return new Command('up')
    .description('run the whole platform on this machine until Ctrl-C')
    .option('--host <address>', 'where the API listens', '127.0.0.1')
    .option('--port <n>', 'port of the API (8080, or that of the last start)', wholeNumber)
    .option('--grpc-port <n>', 'port for workers (50051, or that of the last start)', wholeNumber)
    .action(withSession(context, up));
}

async function up(session: Session, { host, port, grpcPort }: UpOptions): Promise<void> {
  const { context, output } = session;
  output.note('Starting Postgres, the queue, the scheduler and the API …');
  await runUntilStopped(context, output, {
    start: (announce) => startPlatform({ ...context, dataDir: defaultDataDir(context.env), host, apiPort: port, grpcPort, announce }),
    run: (platform) => {
      output.result(upDocument(platform), () => upText(session, platform));
      return untilAborted(context.signal);
    },
  });
}

function upDocument({ baseUrl, grpcAddress, queue, dataDir, pids }: Platform) {
  return {
    base_url: baseUrl,
    credentials_file: dataDir.credentialsFile,
    grpc_address: grpcAddress,
    queue,
    logs: dataDir.logs,
    pids: pids(),
  };
}

function upText({ output }: Session, { baseUrl, grpcAddress, queue, dataDir }: Platform): string {
  const { colors } = output;
  const queueText = queue === 'redis' ? 'Redis' : 'Postgres (there is no redis-server on PATH)';
  const rows = [
    ['dashboard', colors.bold(new URL('/', baseUrl).href)],
    ['API', colors.bold(baseUrl)],
    ['documentation', new URL('/docs', baseUrl).href],
    ['API key', dataDir.credentialsFile],
    ['workers', grpcAddress],
    ['queue', queueText],
    ['logs', dataDir.logs],
  ].map(([name = '', value = '']) => [colors.dim(name), value]);
  return `\n${output.table(rows, { headings: null })}\n\nCapstan is up. In another terminal: npx capstan models list. Ctrl-C stops it.`;
}

import type { PoolObject, UpdatePoolRequest } from '@capstan/core';
import { Command } from 'commander';
import { decimalNumber, wholeNumber } from '../arguments.ts';
import type { CliContext } from '../cli-context.ts';
import { UsageError } from '../cli-errors.ts';
import { formatCost } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { type Session, withSession } from '../session.ts';

interface UpdateOptions {
  maxWorkers?: number;
  price?: number;
  pause?: boolean;
  resume?: boolean;
}

export function poolsCommand(context: CliContext): Command {
  const pools = new Command('pools').description('where jobs run');
  pools.command('list').description('pools, their slots and what waits for them').action(withSession(context, list));
  pools
    .command('update <id>')
    .description('scale, price, pause or resume a pool (operators)')
    .option('--max-workers <n>', 'how many workers may run at once', wholeNumber)
    .option('--price <usd>', 'price of one slot for one hour', decimalNumber)
    .option('--pause', 'launch nothing new; running jobs go on')
    .option('--resume', 'launch again')
    .action(withSession(context, (session, options: UpdateOptions, [id = '']) => update(session, id, options)));
  return pools;
}

async function list({ client, output, context: { signal } }: Session): Promise<void> {
  const page = await client().pools.list({ signal });
  output.result(page, () => (page.data.length === 0 ? 'No pools.' : poolsTable(page.data, output)));
}

async function update({ client, output, context: { signal } }: Session, id: string, options: UpdateOptions): Promise<void> {
  const pool = await client().pools.update(id, patchOf(options), { signal });
  output.result(pool, () => poolsTable([pool], output));
}

function patchOf({ maxWorkers, price, pause, resume }: UpdateOptions): UpdatePoolRequest {
  if (pause && resume) throw new UsageError('Give --pause or --resume, not both.');
  const patch: UpdatePoolRequest = {
    ...(maxWorkers === undefined ? {} : { max_workers: maxWorkers }),
    ...(price === undefined ? {} : { price_per_gpu_hour: price }),
    ...(pause ? { paused: true } : {}),
    ...(resume ? { paused: false } : {}),
  };
  if (Object.keys(patch).length === 0) throw new UsageError('Say what to change: --max-workers, --price, --pause or --resume.');
  return patch;
}

function poolsTable(pools: PoolObject[], output: Output): string {
  const rows = pools.map(({ id, launcher, paused, usage, max_workers: maxWorkers, price_per_gpu_hour: price }) => [
    id,
    launcher,
    paused ? output.colors.yellow('paused') : 'open',
    `${usage.reserved}/${maxWorkers}`,
    String(usage.queued),
    `${formatCost(price)}/h`,
  ]);
  return output.table(rows, { headings: ['pool', 'launcher', 'state', 'slots', 'queued', 'price'], alignRight: [3, 4, 5] });
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDirectoryStore } from '@capstan/artifacts';
import { createQueue } from '@capstan/queue';
import type pg from 'pg';
import type { Platform } from '../../apps/cli/src/platform/index.ts';
import { environmentOf } from './living-ranks.ts';
import { withDatabase } from './recorder.ts';

/** Everything that is still there although every job has ended, in words. */
export async function findLeftovers(platform: Platform): Promise<string[]> {
  return [
    ...leftProcesses(platform),
    ...leftFiles(platform),
    ...(await leftEntries(platform)),
    ...(await withDatabase(platform.databaseUrl, async (client) => [
      ...(await leftRows(client)),
      ...(await leftArtifacts(platform, await referencedHashes(client))),
    ])),
  ];
}

/** Ranks and services alike are told where they work, by their command line or their environment. */
function leftProcesses(platform: Platform): string[] {
  const { root } = platform.dataDir;
  const own = new Set(Object.values(platform.pids()));
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && !own.has(Number(name)));
  return names.flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const isOurs = command.includes(root) || environmentOf(pid).includes(root);
    return isOurs && !own.has(parentOf(pid)) ? [`Process ${pid} still runs: ${command}`] : [];
  });
}

/** The stores have children of their own. */
function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Directories of runs, whether named or being removed; uploads and artifacts half written; copies of workers half fetched. */
function leftFiles({ dataDir }: Platform): string[] {
  const list = (directory: string) => {
    try {
      return readdirSync(directory).map((name) => join(directory, name));
    } catch {
      return [];
    }
  };
  // Who the machine is stays for the schedulers to come.
  const runs = list(dataDir.runs).filter((path) => !path.endsWith('/.host.json'));
  const unfinishedCopies = list(dataDir.cache).filter((path) => path.endsWith('.partial'));
  const files = [...runs, ...list(dataDir.uploads), ...list(join(dataDir.artifacts, 'tmp')), ...unfinishedCopies];
  return files.map((path) => `${path} is still there.`);
}

async function leftEntries({ databaseUrl, redisUrl }: Platform): Promise<string[]> {
  const queue = createQueue(redisUrl === null ? { postgresUrl: databaseUrl } : { redisUrl });
  try {
    const counts = Object.entries(await queue.counts('local')).filter(([, count]) => count > 0);
    return counts.map(([state, count]) => `The queue holds ${count} ${state} entries.`);
  } finally {
    await queue.close();
  }
}

async function leftRows(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ text: string }>(`
    SELECT 'Slots are still reserved for attempt ' || attempt || ' of ' || job_id || '.' AS text FROM reservations
    UNION ALL SELECT 'Attempt ' || attempt || ' of ' || job_id || ' is still ' || state || '.' FROM attempts WHERE state <> 'ended'
    UNION ALL SELECT 'There is still a heartbeat of attempt ' || attempt || ' of ' || job_id || '.' FROM heartbeats`);
  return rows.map(({ text }) => text);
}

async function leftArtifacts({ dataDir }: Platform, referenced: ReadonlySet<string>): Promise<string[]> {
  const left: string[] = [];
  const held = new Set<string>();
  for await (const { sha256, bytes } of createDirectoryStore(dataDir.artifacts).list()) {
    held.add(sha256);
    if (!referenced.has(sha256)) left.push(`Nothing refers to the artifact ${sha256} of ${bytes} bytes.`);
  }
  const missing = [...referenced].filter((sha256) => !held.has(sha256));
  return [...left, ...missing.map((sha256) => `The artifact ${sha256} is referred to and is not there.`)];
}

async function referencedHashes(client: pg.Client): Promise<Set<string>> {
  const { rows } = await client.query<{ sha256: string }>(`
    SELECT sha256 FROM files UNION SELECT fingerprints FROM files WHERE fingerprints IS NOT NULL
    UNION SELECT a->>'sha256' FROM models, jsonb_array_elements(artifacts) AS a
    UNION SELECT state->>'sha256' FROM checkpoints WHERE state_released_at IS NULL
    UNION SELECT a->>'sha256' FROM checkpoints, jsonb_array_elements(adapter) AS a`);
  return new Set(rows.map(({ sha256 }) => sha256));
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { QueueConnection } from './create-queue.ts';

export interface Service {
  connection: QueueConnection;
  stop(): Promise<void>;
}
export async function startRedis(): Promise<Service> {
  const dir = await mkdtemp(path.join(tmpdir(), 'q-redis-'));
  const port = 20000 + Math.floor(Math.random() * 20000);
  const child = spawn('redis-server', ['--port', String(port), '--dir', dir, '--save', '', '--maxmemory-policy', 'noeviction'], {
    stdio: 'ignore',
  });
  await new Promise((r) => setTimeout(r, 300));
  return {
    connection: { redisUrl: `redis://127.0.0.1:${port}` },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(dir, { recursive: true, force: true });
    },
  };
}
export async function startPostgres(): Promise<Service> {
  const name = `q_${Date.now()}_${process.pid}`;
  const admin = new pg.Client('postgres://postgres@127.0.0.1:5432/postgres');
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  return {
    connection: { postgresUrl: `postgres://postgres@127.0.0.1:5432/${name}` },
    async stop() {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

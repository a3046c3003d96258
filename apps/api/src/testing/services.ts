import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { migrate } from '@capstan/db';

export async function createTestDatabase() {
  const name = `api_${randomBytes(6).toString('hex')}`;
  execFileSync('psql', ['-q', '-h', '127.0.0.1', '-U', 'postgres', '-c', `CREATE DATABASE ${name}`]);
  const url = `postgresql://postgres@127.0.0.1:5432/${name}`;
  await migrate(url);
  return {
    url,
    drop: async () => void execFileSync('psql', ['-q', '-h', '127.0.0.1', '-U', 'postgres', '-c', `DROP DATABASE ${name} WITH (FORCE)`]),
  };
}

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGrpcServer } from '@capstan/proto';
import { createTestAuthority } from '@capstan/testing';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('main.ts', import.meta.url));

it.each(['train', 'serve'])('a worker to %s that was given another authority ends at once and says so in its last line', async (kind) => {
  const [right, wrong] = [await createTestAuthority(), await createTestAuthority()];
  const folder = mkdtempSync(join(tmpdir(), 'capstan-untrusted-'));
  writeFileSync(join(folder, 'token'), 'none');
  const server = await startGrpcServer({
    ...{ address: '127.0.0.1:0', tls: await right.sign('scheduler'), authenticate: async () => null },
    ...{ onWorkerSession: async () => {}, onServingSession: () => {}, async *onGenerate() {} },
    artifacts: { async *read() {}, write: async () => ({ sha256: '', bytes: 0 }) },
  });
  const env = {
    PATH: process.env.PATH,
    ...{ CAPSTAN_KIND: kind, CAPSTAN_SCHEDULER_ADDRESS: `127.0.0.1:${server.port}`, CAPSTAN_SCHEDULER_NAME: 'scheduler' },
    ...{ CAPSTAN_SCHEDULER_CA: wrong.certificate, CAPSTAN_TOKEN_FILE: join(folder, 'token'), CAPSTAN_CACHE_DIR: folder },
    ...{ CAPSTAN_JOB_ID: 'ftjob-a', CAPSTAN_ATTEMPT: '1', CAPSTAN_EPOCH: '1', CAPSTAN_RANK: '0', CAPSTAN_WORLD_SIZE: '1' },
  };
  const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', program], { env }, (error, _stdout, stderr) => resolve({ code: error?.code, stderr }));
  });
  await server.close();
  rmSync(folder, { recursive: true });
  expect(ended.code).toBe(2);
  expect(ended.stderr.trim().split('\n').at(-1)).toMatch(/^The scheduler at 127\.0\.0\.1:\d+ does not show a certificate/);
});

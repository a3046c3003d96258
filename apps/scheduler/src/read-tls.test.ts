import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority, type TestAuthority } from '@capstan/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTls } from './read-tls.ts';

let folder: string;
let authority: TestAuthority;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-read-tls-'));
  authority = await createTestAuthority();
  const { certificate, privateKey } = await authority.sign('scheduler.example.com');
  writeFileSync(join(folder, 'tls.crt'), certificate);
  writeFileSync(join(folder, 'tls.key'), privateKey);
  writeFileSync(join(folder, 'ca.crt'), authority.certificate);
});
afterEach(() => rmSync(folder, { recursive: true }));

it('reads what the server shows, and the name and authority that workers know it by', async () => {
  const { serverName, authority: given } = await readTls(folder, new Date());
  expect(serverName).toBe('scheduler.example.com');
  expect(given).toBe(authority.certificate);
});

it('says which file is missing, what is no certificate, and that one has expired', async () => {
  await expect(readTls(folder, new Date('2300-01-01'))).rejects.toThrow(/has expired on /);
  writeFileSync(join(folder, 'tls.crt'), 'nonsense');
  await expect(readTls(folder, new Date())).rejects.toThrow('tls.crt in GRPC_TLS_DIR is not a certificate in PEM.');
  rmSync(join(folder, 'ca.crt'));
  await expect(readTls(folder, new Date())).rejects.toThrow('ca.crt cannot be read');
});

it('wants a host name in the certificate', async () => {
  writeFileSync(join(folder, 'tls.crt'), authority.certificate);
  await expect(readTls(folder, new Date())).rejects.toThrow('names no host');
});

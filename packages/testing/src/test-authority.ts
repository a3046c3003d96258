import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Signs certificates, by openssl, that are good for a year and trusted by nobody but those who are given its own. */
export interface TestAuthority {
  certificate: Buffer;
  sign(hostName: string): { certificate: Buffer; privateKey: Buffer };
  close(): void;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const YEAR = ['-days', '365'];

export function createTestAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-authority-'));
  const openssl = (...args: string[]) => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const read = (name: string) => readFileSync(join(folder, name));
  openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.crt', ...YEAR, '-subj', '/CN=capstan');
  return {
    certificate: read('ca.crt'),
    sign(hostName) {
      const names = ['-subj', '/CN=capstan', '-addext', `subjectAltName=DNS:${hostName}`];
      openssl('req', '-new', ...KEY, '-keyout', 'tls.key', '-out', 'tls.csr', ...names);
      const issuer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
      openssl('x509', '-req', '-in', 'tls.csr', ...issuer, ...YEAR, '-out', 'tls.crt');
      return { certificate: read('tls.crt'), privateKey: read('tls.key') };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

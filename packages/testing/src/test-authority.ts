import { generate } from 'selfsigned';

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;

/** Signs certificates that are good for a year and trusted by nobody but those who are given its own; all in PEM. */
export interface TestAuthority {
  certificate: string;
  sign(hostName: string): Promise<{ certificate: Buffer; privateKey: Buffer }>;
}

const commonName = (value: string) => [{ name: 'commonName', value }];
const KEY = { keyType: 'ec', algorithm: 'sha256' } as const;
const AUTHORITY: Extensions = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, critical: true },
];

export async function createTestAuthority(): Promise<TestAuthority> {
  const authority = await generate(commonName('Capstan tests'), { ...KEY, extensions: AUTHORITY });
  return {
    certificate: authority.cert,
    async sign(hostName) {
      const extensions: Extensions = [{ name: 'subjectAltName', altNames: [{ type: 2, value: hostName }] }];
      const ca = { key: authority.private, cert: authority.cert };
      const signed = await generate(commonName(hostName), { ...KEY, ca, extensions });
      return { certificate: Buffer.from(signed.cert), privateKey: Buffer.from(signed.private) };
    },
  };
}

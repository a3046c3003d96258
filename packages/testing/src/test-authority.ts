import { generate } from 'selfsigned';

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;

/** Signs certificates that are good for a year and trusted by nobody but those who are given its own; all in PEM. */
export interface TestAuthority {
  certificate: string;
  sign(hostName: string): Promise<{ certificate: Buffer; privateKey: Buffer }>;
}

const commonName = (value: string) => [{ name: 'commonName', value }];
const AUTHORITY: Extensions = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, critical: true },
];

export async function createTestAuthority(): Promise<TestAuthority> {
  const authority = await generate(commonName('Capstan tests'), { keyType: 'ec', algorithm: 'sha256', extensions: AUTHORITY });
  return {
    certificate: authority.cert,
    async sign(hostName) {
      const extensions: Extensions = [{ name: 'subjectAltName', altNames: [{ type: 2, value: hostName }] }];
      const signed = await generate(commonName(hostName), {
        keyType: 'ec',
        ca: { key: authority.private, cert: authority.cert },
        extensions,
      });
      return { certificate: Buffer.from(signed.cert), privateKey: Buffer.from(signed.private) };
    },
  };
}

import { createTestAuthority } from '@capstan/testing';

const NAME = 'scheduler.capstan.svc.cluster.local';

/** A certificate for the scheduler and the authority that signed it, as the Secret that k8s/components/grpc-tls asks for. */
export async function makeCertificateSecret(): Promise<object> {
  const authority = await createTestAuthority();
  const { certificate, privateKey } = await authority.sign(NAME);
  const stringData = { 'ca.crt': authority.certificate, 'tls.crt': String(certificate), 'tls.key': String(privateKey) };
  const metadata = { name: 'capstan-grpc-tls', namespace: 'capstan' };
  return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, stringData };
}

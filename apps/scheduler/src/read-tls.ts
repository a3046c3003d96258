import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidRequestError } from '@capstan/core';
import type { SchedulerTls } from '@capstan/launcher';
import type { ServerTls } from '@capstan/proto';

/** What the gRPC server shows, and what workers know it by. */
export type GrpcTls = ServerTls & SchedulerTls;

/** Reads tls.crt, tls.key and ca.crt from `directory`; says in words what does not suit, for the one who filled it. */
export async function readTls(directory: string, now: Date): Promise<GrpcTls> {
  const read = (name: string) =>
    readFile(join(directory, name)).catch((cause: unknown) =>
      refuse(`GRPC_TLS_DIR must hold tls.crt, tls.key and ca.crt; ${name} cannot be read.`, cause),
    );
  const [certificate, privateKey, authority] = [await read('tls.crt'), await read('tls.key'), await read('ca.crt')];
  const parsed = parse(certificate);
  const serverName = /DNS:([^,\s]+)/.exec(parsed.subjectAltName ?? '')?.[1];
  if (serverName === undefined) return refuse('The certificate in GRPC_TLS_DIR names no host: it needs a DNS name as subjectAltName.');
  if (new Date(parsed.validTo) < now) return refuse(`The certificate in GRPC_TLS_DIR has expired on ${parsed.validTo}.`);
  return { certificate, privateKey, authority: authority.toString('utf8'), serverName };
}

function parse(certificate: Buffer): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    return refuse('tls.crt in GRPC_TLS_DIR is not a certificate in PEM.', cause);
  }
}

function refuse(message: string, cause?: unknown): never {
  throw new InvalidRequestError(message, { reason: 'config_invalid', cause });
}

import { createServer } from 'node:net';
import { ConflictError } from '@capstan/core';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './write-json-file.ts';

const portSchema = z.number().int().min(1).max(65_535);
const portsSchema = z.object({ api: portSchema, grpc: portSchema });
export type Ports = z.infer<typeof portsSchema>;

export interface WantedPorts {
  host: string;
  /** A given port is taken or the start fails; 0 means any free one; absent prefers 8080. */
  api?: number | undefined;
  grpc?: number | undefined;
}

const PREFERRED: Ports = { api: 8080, grpc: 50_051 };

/**
 * The ports to listen on, written to `path`: those of the last start when they are free, so that clients and ranks that outlived
 * a restart find their way back.
 */
export async function choosePorts(path: string, wanted: WantedPorts): Promise<Ports> {
  const last = readJsonFile(path, portsSchema);
  const api = await choosePort(wanted.host, wanted.api, last?.api, PREFERRED.api);
  const grpc = await choosePort('127.0.0.1', wanted.grpc, last?.grpc, PREFERRED.grpc);
  writeJsonFile(path, { api, grpc });
  return { api, grpc };
}

async function choosePort(host: string, asked: number | undefined, last: number | undefined, preferred: number): Promise<number> {
  if (asked !== undefined && asked !== 0) {
    if ((await tryPort(host, asked)) !== null) return asked;
    throw new ConflictError(`Port ${asked} is taken by another program. Choose another one, or leave the choice to Capstan.`);
  }
  const candidates = [last, asked === 0 ? undefined : preferred, 0].filter((port) => port !== undefined);
  for (const candidate of candidates) {
    const port = await tryPort(host, candidate);
    if (port !== null) return port;
  }
  throw new ConflictError(`No port is free on ${host}.`);
}

/** The port when it can be listened on (any free one for 0), else null. */
function tryPort(host: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

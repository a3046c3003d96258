import { CancelledError, type ServeAssignment } from '@capstan/core';
import { bearer, type ClientTls, clientArguments } from '../channel.ts';
import { ArtifactServiceClient } from '../gen/lora/v1/artifact.ts';
import { ServingServiceClient } from '../gen/lora/v1/inference.ts';
import { AsyncQueue } from '../streams/async-queue.ts';
import { withResolvers } from '../streams/with-resolvers.ts';
import { readArtifact } from './artifact-client.ts';
import type { ConnectWorkerOptions } from './connect-worker.ts';
import { keepConnected } from './keep-connected.ts';
import { runServingStream, type ServingRequest } from './serving-stream.ts';
import { createSites } from './sites.ts';

export type ConnectServingWorkerOptions = Omit<ConnectWorkerOptions, 'identity'>;

/** A serving worker's end of its conversation with the scheduler; it outlives broken connections. */
export interface ServingConnection {
  assignment(): Promise<ServeAssignment>;
  /** For one consumer. Throws the error with which the session ended for good. */
  requests: AsyncIterable<ServingRequest>;
  readArtifact: (sha256: string, options?: { signal?: AbortSignal }) => AsyncIterable<Uint8Array>;
  ended: AbortSignal;
  close(): Promise<void>;
}

/** Dials the scheduler and keeps dialling until the signal aborts or a refusal is final. */
export function connectServingWorker(options: ConnectServingWorkerOptions): ServingConnection {
  const metadata = bearer(options.token);
  const sites = createSites(options.address, (address) => openClients(address, options.tls), options);
  const requests = new AsyncQueue<ServingRequest>();
  const assigned = withResolvers<ServeAssignment>();
  assigned.promise.catch(() => {});
  const closing = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);

  const converse = ({ main }: Clients, connected: () => void) => {
    const onAssignment = (assignment: ServeAssignment) => {
      connected();
      assigned.resolve(assignment);
    };
    return runServingStream({ call: main.serve(metadata), signal, onAssignment, onRequest: (request) => requests.push(request) });
  };
  const finished = keepConnected((connected) => sites.speak(converse, connected), { ...options, signal }).catch((error: unknown) => {
    ended.abort(error);
    assigned.reject(error);
    if (closing.signal.aborted) requests.end();
    else requests.fail(error);
    sites.close();
  });
  return {
    assignment: () => assigned.promise,
    requests,
    readArtifact(sha256, { signal: callerSignal } = {}) {
      const both = callerSignal ? AbortSignal.any([ended.signal, callerSignal]) : ended.signal;
      return readArtifact(sha256, { ...options, client: () => sites.current().clients.artifacts, metadata, signal: both });
    },
    ended: ended.signal,
    close() {
      closing.abort(new CancelledError('The connection was closed.'));
      return finished;
    },
  };
}

type Clients = ReturnType<typeof openClients>;

function openClients(address: string, tls: ClientTls | undefined) {
  const [, credentials, channelOptions] = clientArguments(address, tls);
  const main = new ServingServiceClient(address, credentials, channelOptions);
  return { main, artifacts: new ArtifactServiceClient(address, credentials, { channelOverride: main.getChannel() }) };
}

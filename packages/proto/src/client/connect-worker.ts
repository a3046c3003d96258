import {
  type AppError,
  CancelledError,
  type Clock,
  type RankAssignment,
  type RankIdentity,
  type WorkerCommand,
  type WorkerReport,
} from '@capstan/core';
import { bearer, type ClientTls, clientArguments } from '../channel.ts';
import { ArtifactServiceClient } from '../gen/lora/v1/artifact.ts';
import { ReduceServiceClient } from '../gen/lora/v1/reduce.ts';
import { WorkerServiceClient } from '../gen/lora/v1/worker.ts';
import { AsyncQueue } from '../streams/async-queue.ts';
import { withResolvers } from '../streams/with-resolvers.ts';
import { type ArtifactClientOptions, readArtifact, writeArtifact } from './artifact-client.ts';
import { type GangMembership, joinGang } from './join-gang.ts';
import { keepConnected } from './keep-connected.ts';
import { Outbox } from './outbox.ts';
import { createSites } from './sites.ts';
import type { SpillStore } from './spill-store.ts';
import { runWorkerStream } from './worker-stream.ts';

export interface ConnectWorkerOptions {
  /** Host and port of the scheduler; more than one with commas between: the first launched the rank, the others speak for it when it is away. */
  address: string;
  token: string;
  identity: RankIdentity;
  signal: AbortSignal;
  clock: Clock;
  /** In [0, 1): spreads reconnects. */
  random: () => number;
  /** Takes the reports that memory has no room for while no scheduler answers. */
  spill?: SpillStore | undefined;
  tls?: ClientTls | undefined;
  onRetry?: ((error: AppError) => void) | undefined;
}

/** A rank's end of its conversation with the scheduler. It outlives broken connections and restarted schedulers. */
export interface WorkerConnection {
  /** Resolves with the first assignment. */
  assignment(): Promise<RankAssignment>;
  /**
   * Numbers the report and returns at once. It is kept, in memory or in the spill store, until the scheduler has committed it, sent
   * again after a broken connection, and never dropped or merged with another. What holds: reports arrive in order, exactly once.
   * Throws if a single report exceeds a message (4 MiB), if the spill store is full (without one: if 64 MiB are waiting), or if the
   * session has ended for good.
   */
  report(report: WorkerReport): void;
  /** For one consumer. Throws the error with which the session ended for good, e.g. a StaleEpochError. */
  commands: AsyncIterable<WorkerCommand>;
  /** Resolves when every report so far is acknowledged; rejects if that can no longer be. */
  flushed(): Promise<void>;
  readArtifact: (sha256: string, options?: { signal?: AbortSignal }) => AsyncIterable<Uint8Array>;
  writeArtifact: (
    content: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { signal?: AbortSignal },
  ) => Promise<{ sha256: string; bytes: number }>;
  /** Joins the other ranks of the attempt to sum vectors with them. */
  joinGang: (worldSize: number) => GangMembership;
  /** Aborts when the session has ended for good: closed, stale, refused. */
  ended: AbortSignal;
  /** Gives up what was not flushed and frees the connection. Closing twice is harmless. */
  close(): Promise<void>;
}

/** Dials the scheduler and keeps dialling, with growing pauses, until the signal aborts or a refusal is final. */
export function connectWorker(options: ConnectWorkerOptions): WorkerConnection {
  const metadata = bearer(options.token);
  const sites = createSites(options.address, (address) => openClients(address, options.tls), options);
  const outbox = new Outbox(options.spill);
  const commands = new AsyncQueue<WorkerCommand>();
  const assigned = withResolvers<RankAssignment>();
  assigned.promise.catch(() => {});
  const closing = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);

  const converse = ({ main }: Clients, connected: () => void) => {
    const onAssignment = (assignment: RankAssignment) => {
      connected();
      assigned.resolve(assignment);
    };
    const call = main.session(metadata);
    return runWorkerStream({ ...options, call, outbox, signal, onAssignment, onCommand: (command) => commands.push(command) });
  };
  const finished = keepConnected((connected) => sites.speak(converse, connected), { ...options, signal }).catch((error: unknown) => {
    ended.abort(error);
    assigned.reject(error);
    if (closing.signal.aborted) commands.end();
    else commands.fail(error);
    sites.close();
  });

  const artifactOptions = (callerSignal: AbortSignal | undefined): ArtifactClientOptions => {
    const both = callerSignal ? AbortSignal.any([ended.signal, callerSignal]) : ended.signal;
    return { ...options, client: () => sites.current().clients.artifacts, metadata, signal: both };
  };
  return {
    assignment: () => assigned.promise,
    report(report) {
      ended.signal.throwIfAborted();
      outbox.add(report);
    },
    commands,
    flushed: () => outbox.flushed(ended.signal),
    readArtifact: (sha256, { signal: callerSignal } = {}) => readArtifact(sha256, artifactOptions(callerSignal)),
    writeArtifact: (content, { signal: callerSignal } = {}) => writeArtifact(content, artifactOptions(callerSignal)),
    joinGang(worldSize) {
      const call = sites.first.clients.reducer.reduce(metadata);
      return joinGang(call, { rank: options.identity.rank, worldSize, signal: ended.signal });
    },
    ended: ended.signal,
    close() {
      closing.abort(new CancelledError('The connection was closed.'));
      return finished;
    },
  };
}

type Clients = ReturnType<typeof openClients>;

/** All services over one channel. */
function openClients(address: string, tls: ClientTls | undefined) {
  const [, credentials, channelOptions] = clientArguments(address, tls);
  const main = new WorkerServiceClient(address, credentials, channelOptions);
  const shared = { channelOverride: main.getChannel() };
  const artifacts = new ArtifactServiceClient(address, credentials, shared);
  const reducer = new ReduceServiceClient(address, credentials, shared);
  return { main, artifacts, reducer };
}

import { Server } from '@grpc/grpc-js';
import { SERVER_OPTIONS, type ServerTls, serverCredentials } from '../channel.ts';
import { ArtifactServiceService } from '../gen/lora/v1/artifact.ts';
import { InferenceServiceService, ServingServiceService } from '../gen/lora/v1/inference.ts';
import { ReduceServiceService } from '../gen/lora/v1/reduce.ts';
import { WorkerServiceService } from '../gen/lora/v1/worker.ts';
import { type ArtifactHandlers, artifactService } from './artifact-service.ts';
import { type InferenceServiceOptions, inferenceService } from './inference-service.ts';
import { lenientService } from './lenient-service.ts';
import { OpenCalls } from './open-calls.ts';
import type { Authenticate } from './principal.ts';
import { reduceService } from './reduce-service.ts';
import { type ServingServiceOptions, servingService } from './serving-service.ts';
import { type WorkerServiceOptions, workerService } from './worker-service.ts';

export interface GrpcServerOptions {
  /** Host and port; port 0 takes a free one. */
  address: string;
  authenticate: Authenticate;
  onWorkerSession: WorkerServiceOptions['onWorkerSession'];
  onServingSession: ServingServiceOptions['onServingSession'];
  onGenerate: InferenceServiceOptions['onGenerate'];
  artifacts: ArtifactHandlers;
  tls?: ServerTls | undefined;
  /** Hears of errors that are not ours to answer: the caller sees only "Internal error.". */
  onError?: ((error: unknown) => void) | undefined;
}

export interface GrpcServer {
  port: number;
  /** Refuses new calls, ends the open ones with "unavailable" (peers then reconnect, here or elsewhere) and frees the port. */
  close(): Promise<void>;
}

/** How long a closing server waits for peers to take note of the end of their calls. */
const CLOSE_GRACE_MS = 1_000;

/** Serves all of Capstan's gRPC services on one address. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const calls = new OpenCalls(options.onError ?? (() => {}));
  const shared = { calls, authenticate: options.authenticate };
  const server = new Server(SERVER_OPTIONS);
  server.addService(lenientService(WorkerServiceService), { ...workerService({ ...shared, onWorkerSession: options.onWorkerSession }) });
  server.addService(lenientService(ArtifactServiceService), { ...artifactService({ ...shared, artifacts: options.artifacts }) });
  server.addService(lenientService(ServingServiceService), {
    ...servingService({ ...shared, onServingSession: options.onServingSession }),
  });
  server.addService(lenientService(InferenceServiceService), { ...inferenceService({ ...shared, onGenerate: options.onGenerate }) });
  server.addService(lenientService(ReduceServiceService), { ...reduceService(shared) });
  const port = await bind(server, options);
  return { port, close: () => close(server, calls) };
}

function bind(server: Server, { address, tls }: GrpcServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, serverCredentials(tls), (error, port) => (error ? reject(error) : resolve(port)));
  });
}

function close(server: Server, calls: OpenCalls): Promise<void> {
  return new Promise((resolve) => {
    // A peer that never spoke HTTP/2, one that began with TLS for instance, holds up even the end by force.
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, CLOSE_GRACE_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
    calls.closeAll();
  });
}

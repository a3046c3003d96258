import { type ChannelOptions, type ClientOptions, credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';

/** gRPC's usual limit, kept on purpose: what is larger is cut into batches and chunks. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const SHARED_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
};

/**
 * They find a scheduler whose machine has vanished without closing its socket, well before another one takes its ranks for lost
 * (HEARTBEAT_TIMEOUT_MS). A step can hold a worker's event loop for many seconds, and a ping waits with everything else: a worker that finds
 * its own ping late connects anew, which costs it nothing.
 */
const CLIENT_OPTIONS: ChannelOptions = {
  ...SHARED_OPTIONS,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 5_000,
  /** Retries are ours, above the call: only we know what was acknowledged. */
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
  /** The scheduler is inside; a proxy variable meant for the way out must not catch it. */
  'grpc.enable_http_proxy': 0,
};

export const SERVER_OPTIONS: ChannelOptions = {
  ...SHARED_OPTIONS,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 120_000,
  'grpc.keepalive_permit_without_calls': 1,
};

export interface ServerTls {
  certificate: Buffer;
  privateKey: Buffer;
}
export interface ClientTls {
  /** PEM of the authority that signed the server's certificate. */
  authority: Buffer | string;
  /** The name in that certificate, where the server is dialled by another, for instance by its address. */
  serverName?: string | undefined;
}

export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [{ cert_chain: tls.certificate, private_key: tls.privateKey }]);
}

export type ClientArguments = [address: string, credentials: ReturnType<typeof credentials.createInsecure>, options: ClientOptions];

export function clientArguments(address: string, tls: ClientTls | undefined): ClientArguments {
  if (!tls) return [address, credentials.createInsecure(), CLIENT_OPTIONS];
  const name = tls.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName };
  return [address, credentials.createSsl(Buffer.from(tls.authority)), { ...CLIENT_OPTIONS, ...name }];
}

export function bearer(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** The token of a call; empty where there is none. */
export function readBearer(metadata: Metadata): string {
  const value = String(metadata.get('authorization')[0] ?? '');
  return value.startsWith('Bearer ') ? value.slice('Bearer '.length) : '';
}

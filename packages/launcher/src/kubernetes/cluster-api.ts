import { AppError, ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError, UnavailableError } from '@capstan/core';
import {
  ApiException,
  AppsV1Api,
  BatchV1Api,
  type ConfigurationOptions,
  CoreV1Api,
  type KubeConfig,
  Observable,
  type ObservableMiddleware,
  type RequestContext,
  type ResponseContext,
} from '@kubernetes/client-node';
import { LAUNCH_LATER } from '../launcher.ts';
import { SharingKubeConfig } from './sharing-kube-config.ts';

/** An answer that takes longer will not come: an API server under load refuses long before. */
const CALL_TIMEOUT_MS = 30_000;

export interface ClusterApi {
  config: KubeConfig;
  apps: AppsV1Api;
  batch: BatchV1Api;
  core: CoreV1Api;
  namespace: string;
}

export interface ClusterApiOptions {
  kubeconfig: string | null;
  namespace: string;
  /** Told of every call that is made, by its HTTP method; a watch is none. */
  onCall?: (method: string) => void;
}

/** The cluster that `kubeconfig` names; null takes the one that we run in. */
export function openClusterApi({ kubeconfig, namespace, onCall = () => undefined }: ClusterApiOptions): ClusterApi {
  const config = new SharingKubeConfig(onCall);
  if (kubeconfig === null) config.loadFromCluster();
  else config.loadFromFile(kubeconfig);
  const [apps, batch, core] = [config.makeApiClient(AppsV1Api), config.makeApiClient(BatchV1Api), config.makeApiClient(CoreV1Api)];
  return { config, apps, batch, core, namespace };
}

/** Options of one call: bounded in time, ended with the signal, and for a patch the kind that it is. */
export function callOptions({
  signal,
  contentType,
}: {
  signal?: AbortSignal;
  contentType?: string;
} = {}): ConfigurationOptions<ObservableMiddleware> {
  const bound = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const until = signal === undefined ? bound : AbortSignal.any([signal, bound]);
  const pre = (context: RequestContext) => {
    context.setSignal(until);
    if (contentType !== undefined) context.setHeaderParam('Content-Type', contentType);
    return new Observable(Promise.resolve(context));
  };
  const post = (response: ResponseContext) => new Observable(Promise.resolve(response));
  return { middleware: [{ pre, post }], middlewareMergeStrategy: 'append' };
}

export function isCode(error: unknown, ...codes: number[]): boolean {
  return error instanceof ApiException && codes.includes(error.code);
}

/** For `catch`: what the API server refused with one of `codes` is `fallback`; everything else is thrown on. */
export function orOn<T>(codes: number[], fallback: T): (error: unknown) => T {
  return (error) => {
    if (isCode(error, ...codes)) return fallback;
    throw error;
  };
}

/**
 * The cluster's refusal as one of our errors, in the cluster's words. One that is away, has no such namespace, or lets nobody into it for now, because
 * it is being deleted, its quota is full or our rights are being renewed, asks for patience.
 */
export function toAppError(cause: unknown, attempted: string): AppError {
  if (cause instanceof AppError) return cause;
  const message = `${attempted}: ${describe(cause)}`;
  const later = { cause, reason: LAUNCH_LATER };
  if (!(cause instanceof ApiException)) return new UnavailableError(message, later);
  if (cause.code === 409) return new ConflictError(message, { cause });
  if (cause.code === 404) return new NotFoundError(message, later);
  if (cause.code === 401 || cause.code === 403) return new PermissionDeniedError(message, later);
  if (cause.code === 400 || cause.code === 422) return new InvalidRequestError(message, { cause });
  return new UnavailableError(message, later);
}

function describe(cause: unknown): string {
  if (!(cause instanceof ApiException)) {
    const origin = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    return origin instanceof Error ? origin.message : String(origin);
  }
  const body: unknown = typeof cause.body === 'string' ? parseOrNull(cause.body) : cause.body;
  const told = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : `HTTP ${cause.code}`;
  return told;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

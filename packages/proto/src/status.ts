import {
  AppError,
  CancelledError,
  CheckpointError,
  ConflictError,
  DatasetError,
  DeadlineExceededError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  InvalidRequestError,
  ModelError,
  NotFoundError,
  PermissionDeniedError,
  StaleEpochError,
  UnauthenticatedError,
  UnavailableError,
} from '@capstan/core';
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';

const STATUS_OF_CODE: Record<ErrorCode, status> = {
  invalid_request: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  permission_denied: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  conflict: status.ABORTED,
  payload_too_large: status.RESOURCE_EXHAUSTED,
  rate_limited: status.RESOURCE_EXHAUSTED,
  unsupported: status.UNIMPLEMENTED,
  unavailable: status.UNAVAILABLE,
  cancelled: status.CANCELLED,
  deadline_exceeded: status.DEADLINE_EXCEEDED,
  internal: status.INTERNAL,
  stale_epoch: status.FAILED_PRECONDITION,
  model_invalid: status.FAILED_PRECONDITION,
  dataset_invalid: status.FAILED_PRECONDITION,
  checkpoint_invalid: status.FAILED_PRECONDITION,
  training_diverged: status.FAILED_PRECONDITION,
};

/** Statuses that gRPC itself makes; any other without our code in its metadata is a broken connection. */
const CODE_OF_TRANSPORT_STATUS: Partial<Record<status, ErrorCode>> = {
  [status.INVALID_ARGUMENT]: 'invalid_request',
  [status.UNAUTHENTICATED]: 'unauthenticated',
  [status.PERMISSION_DENIED]: 'permission_denied',
  [status.UNIMPLEMENTED]: 'unsupported',
  [status.RESOURCE_EXHAUSTED]: 'payload_too_large',
  [status.DEADLINE_EXCEEDED]: 'deadline_exceeded',
};

type Restore = new (message: string, details?: ErrorDetails) => AppError;
const CLASS_OF_CODE: Partial<Record<ErrorCode, Restore>> = {
  invalid_request: InvalidRequestError,
  unauthenticated: UnauthenticatedError,
  permission_denied: PermissionDeniedError,
  not_found: NotFoundError,
  conflict: ConflictError,
  unavailable: UnavailableError,
  cancelled: CancelledError,
  deadline_exceeded: DeadlineExceededError,
  stale_epoch: StaleEpochError,
  model_invalid: ModelError,
  dataset_invalid: DatasetError,
  checkpoint_invalid: CheckpointError,
};

/** The wire form of an error. Our code and details travel in metadata; a foreign error says nothing of itself to the other side. */
export function toStatus(error: unknown): Pick<StatusObject, 'code' | 'details' | 'metadata'> {
  const known = error instanceof AppError ? error : new AppError('internal', 'Internal error.');
  const metadata = new Metadata();
  metadata.set('capstan-code', known.code);
  if (known.param !== undefined) metadata.set('capstan-param', encodeURIComponent(known.param));
  if (known.reason !== undefined) metadata.set('capstan-reason', encodeURIComponent(known.reason));
  if (known.retryAfterMs !== undefined) metadata.set('capstan-retry-after-ms', String(known.retryAfterMs));
  return { code: STATUS_OF_CODE[known.code], details: known.message, metadata };
}

/** The error that the other side threw, of the same class; a broken connection is an UnavailableError. */
export function fromStatus(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, details, metadata } = error as Partial<ServiceError>;
  const ours = readText(metadata, 'capstan-code');
  const known = ERROR_CODES.find((candidate) => candidate === ours) ?? CODE_OF_TRANSPORT_STATUS[code ?? status.UNKNOWN] ?? 'unavailable';
  const retryAfter = readText(metadata, 'capstan-retry-after-ms');
  return restoreError(known, details || String(error), {
    param: decode(readText(metadata, 'capstan-param')),
    reason: decode(readText(metadata, 'capstan-reason')),
    retryAfterMs: retryAfter === undefined ? undefined : Number(retryAfter),
    cause: ours === undefined ? error : undefined,
  });
}

/** An error of the class that belongs to `code`. */
export function restoreError(code: ErrorCode, message: string, details?: ErrorDetails): AppError {
  const Restored = CLASS_OF_CODE[code];
  return Restored ? new Restored(message, details) : new AppError(code, message, details);
}

function readText(metadata: Metadata | undefined, name: string): string | undefined {
  const value = metadata?.get(name)[0];
  return typeof value === 'string' ? value : undefined;
}

const decode = (text: string | undefined): string | undefined => (text === undefined ? undefined : decodeURIComponent(text));

/** Machine words for everything that can go wrong; HTTP, gRPC and exit codes are derived from them at the borders. */
export const ERROR_CODES = [
  'invalid_request',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'conflict',
  'payload_too_large',
  'rate_limited',
  'unsupported',
  'unavailable',
  'cancelled',
  'deadline_exceeded',
  'internal',
  'stale_epoch',
  'model_invalid',
  'dataset_invalid',
  'checkpoint_invalid',
  'training_diverged',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** The request field or file position at fault, e.g. `hyperparameters.n_epochs`. */
  param?: string | undefined;
  /** A finer word than `code` where OpenAI's clients know one, e.g. `model_not_found`. */
  reason?: string | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** The base of every error that Capstan throws on purpose; `message` is written for the person who reads it. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.param = details.param;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export class InvalidRequestError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('invalid_request', message, details);
  }
}
export class UnauthenticatedError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('unauthenticated', message, details);
  }
}
export class PermissionDeniedError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('permission_denied', message, details);
  }
}
export class NotFoundError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('not_found', message, details);
  }
}
/** A real conflict, which repeating the request cannot cure. */
export class ConflictError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('conflict', message, details);
  }
}
/** The caller's project may not have more for now; `reason` is OpenAI's word for which limit. */
export class QuotaError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('rate_limited', message, details);
  }
}
/** A service that we need is away; the same request may succeed after `retryAfterMs`. */
export class UnavailableError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('unavailable', message, details);
  }
}
export class CancelledError extends AppError {
  constructor(message = 'The operation was cancelled.', details?: ErrorDetails) {
    super('cancelled', message, details);
  }
}
/** The process was asked to end (SIGTERM, Ctrl-C). */
export class ShutdownError extends AppError {
  constructor(message = 'The process is shutting down.') {
    super('cancelled', message);
  }
}
export class DeadlineExceededError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('deadline_exceeded', message, details);
  }
}
/** A report of an attempt that no longer owns its job: the sender must stop. */
export class StaleEpochError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('stale_epoch', message, details);
  }
}
/** A model directory that cannot be read or is of a kind that is not supported. */
export class ModelError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('model_invalid', message, details);
  }
}
export class DatasetError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('dataset_invalid', message, details);
  }
}
export class CheckpointError extends AppError {
  constructor(message: string, details?: ErrorDetails) {
    super('checkpoint_invalid', message, details);
  }
}
/** The loss or a gradient stopped being a finite number at `step`. */
export class TrainingDivergedError extends AppError {
  readonly step: number;

  constructor(step: number, message = `The loss is no longer a finite number at step ${step}.`) {
    super('training_diverged', message);
    this.step = step;
  }
}

const ARTIFACT_DAMAGED = 'artifact_damaged';

/** An artifact whose content is no longer what its name says. */
export class DamagedArtifactError extends AppError {
  constructor(message: string) {
    super('internal', message, { reason: ARTIFACT_DAMAGED });
  }
}

/** Whether an artifact cannot be read however often it is tried: it is gone, or damaged. Holds for errors that came over gRPC too. */
export function isArtifactLost(error: unknown): error is AppError {
  return error instanceof NotFoundError || (error instanceof AppError && error.reason === ARTIFACT_DAMAGED);
}

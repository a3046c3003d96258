export type { ErrorCode, ErrorDetails } from './errors.ts';
export {
  AppError,
  CancelledError,
  CheckpointError,
  ConflictError,
  DatasetError,
  DeadlineExceededError,
  ERROR_CODES,
  InvalidRequestError,
  ModelError,
  NotFoundError,
  PermissionDeniedError,
  ShutdownError,
  StaleEpochError,
  TrainingDivergedError,
  UnauthenticatedError,
  UnavailableError,
} from './errors.ts';
export type { LoraConfig } from './lora-config.ts';
export { ALL_LINEAR, loraConfigSchema } from './lora-config.ts';

export type { Clock } from './clock.ts';
export type { DatasetReport, Leakage, LengthSummary } from './datasets/dataset-report.ts';
export { datasetProblemSchema, datasetReportSchema, leakageSchema } from './datasets/dataset-report.ts';
export type { ChatMessage, ChatRole, DatasetFormat, DatasetProblem, DatasetRow } from './datasets/dataset-row.ts';
export { CHAT_ROLES, DATASET_FORMATS } from './datasets/dataset-row.ts';
export type { ParsedLine } from './datasets/parse-dataset-line.ts';
export { mixedFormatProblem, parseDatasetLine } from './datasets/parse-dataset-line.ts';
export { joinMessages, toSourceTarget } from './datasets/source-target.ts';
export type { AttemptFacts, DecideContext, DecidedAction, DecideLimits, Decision } from './decide.ts';
export { decide } from './decide.ts';
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
export { backoffMs, FAILURE_RULES, failurePolicy } from './failure-policy.ts';
export type { Failure, FailureReason } from './failure-reason.ts';
export { FAILURE_REASONS } from './failure-reason.ts';
export type { GenerateChunk, GenerateRequest, ServeAssignment } from './generate.ts';
export { serveAssignmentSchema } from './generate.ts';
export type { EvaluationFigures, FineTuningJob, JobEstimate, JobProgress, JobResult, JobSpec } from './job.ts';
export { jobSpecSchema } from './job.ts';
export type { JobStatus, OpenAiJobStatus } from './job-status.ts';
export { ACTIVE_STATUSES, isActive, isTerminal, JOB_STATUSES, TERMINAL_STATUSES, toOpenAiStatus } from './job-status.ts';
export type { LoraConfig } from './lora-config.ts';
export { ALL_LINEAR, loraConfigSchema } from './lora-config.ts';
export type { ObservedRank } from './observed-rank.ts';
export { failureFromExit, isFinished } from './observed-rank.ts';
export { fitToMemory, isOutOfMemory, judgeFailure, shrunkMicroBatchSize } from './out-of-memory.ts';
export type { Pool } from './pool.ts';
export { billedUnits, poolSchema } from './pool.ts';
export type { JobEvent, JobEventType, Transition } from './transition.ts';
export { JOB_EVENT_TYPES, TRANSITIONS, transition } from './transition.ts';
export type { ArtifactRef, NumberedReport, RankAssignment, RankIdentity, WorkerCommand, WorkerReport } from './worker-report.ts';
export { failureReasonSchema, rankAssignmentSchema } from './worker-report.ts';

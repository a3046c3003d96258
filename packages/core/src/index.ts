export type { ApiKeyObject, ApiKeyRole, CreateApiKeyRequest } from './api/api-key-object.ts';
export { API_KEY_ROLES, apiKeyObjectSchema, createApiKeyRequestSchema } from './api/api-key-object.ts';
export type { AttemptObject } from './api/attempt-object.ts';
export { attemptObjectSchema } from './api/attempt-object.ts';
export type { AuditEventObject } from './api/audit-event-object.ts';
export { auditEventObjectSchema, listAuditEventsQuerySchema } from './api/audit-event-object.ts';
export type { CapstanJobOptions } from './api/capstan-job-options.ts';
export type { ChangeMessage } from './api/change-message.ts';
export { changeMessageSchema } from './api/change-message.ts';
export type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest, ChatCompletionRequestInput } from './api/chat-completion.ts';
export { chatCompletionChunkSchema, chatCompletionRequestSchema, chatCompletionSchema } from './api/chat-completion.ts';
export type { CompareModelsRequest, CompareModelsRequestInput, ModelComparison } from './api/compare-models.ts';
export { compareModelsRequestSchema, modelComparisonSchema } from './api/compare-models.ts';
export type { Completion, CompletionRequest } from './api/completion.ts';
export { completionRequestSchema, completionSchema } from './api/completion.ts';
export type { CreateJobRequest, Hyperparameters, UpdateJobRequest } from './api/create-job.ts';
export { createJobRequestSchema, updateJobRequestSchema } from './api/create-job.ts';
export type { CurveObject, CurvePoint } from './api/curve-object.ts';
export { curveObjectSchema, curveQuerySchema } from './api/curve-object.ts';
export { decodingFromRest } from './api/decoding.ts';
export type { ErrorBody } from './api/error-body.ts';
export { errorBodySchema } from './api/error-body.ts';
export type { FileObject, FilePurpose, UploadFields } from './api/file-object.ts';
export { FILE_PURPOSES, fileObjectSchema, listFilesQuerySchema, UPLOAD_PURPOSES, uploadFieldsSchema } from './api/file-object.ts';
export type { FileReportObject } from './api/file-report.ts';
export { fileReportObjectSchema } from './api/file-report.ts';
export type { Usage } from './api/generation.ts';
export type { CapstanJob, JobEstimateObject, JobObject, JobSort } from './api/job-object.ts';
export { JOB_SORTS, jobEstimateObjectSchema, jobObjectSchema, listJobsQuerySchema } from './api/job-object.ts';
export type { AdapterFileObject, CheckpointObject, EventObject, LogObject, MetricObject } from './api/job-records.ts';
export {
  adapterFileObjectSchema,
  checkpointObjectSchema,
  eventObjectSchema,
  listCheckpointsQuerySchema,
  listEventsQuerySchema,
  listLogsQuerySchema,
  listMetricsQuerySchema,
  logObjectSchema,
  metricObjectSchema,
} from './api/job-records.ts';
export type { JobStreamMessage, StreamPosition } from './api/job-stream.ts';
export { formatStreamPosition, jobStreamMessageSchema, jobStreamQuerySchema, parseStreamPosition } from './api/job-stream.ts';
export type { Deleted, List } from './api/list.ts';
export { deletedSchema, listSchema } from './api/list.ts';
export type { ModelObject } from './api/model-object.ts';
export { modelObjectSchema } from './api/model-object.ts';
export type { OverviewObject } from './api/overview-object.ts';
export { overviewObjectSchema } from './api/overview-object.ts';
export type { PoolEventObject, PoolEventReason } from './api/pool-event-object.ts';
export { listPoolEventsQuerySchema, poolEventObjectSchema } from './api/pool-event-object.ts';
export type { PoolForecastObject } from './api/pool-forecast-object.ts';
export { LONGEST_FORECAST, poolForecastObjectSchema, poolForecastQuerySchema } from './api/pool-forecast-object.ts';
export type { AutoscaleRequest, CreatePoolRequest, PoolObject, UpdatePoolRequest } from './api/pool-object.ts';
export { createPoolRequestSchema, poolObjectSchema, updatePoolRequestSchema } from './api/pool-object.ts';
export type { PoolUsageObject } from './api/pool-usage-object.ts';
export { poolUsageObjectSchema, poolUsageQuerySchema } from './api/pool-usage-object.ts';
export type { CreateProjectRequest, ProjectObject, UpdateProjectRequest } from './api/project-object.ts';
export { createProjectRequestSchema, projectObjectSchema, updateProjectRequestSchema } from './api/project-object.ts';
export type { CreateSessionRequest, SessionObject } from './api/session-object.ts';
export { createSessionRequestSchema, mayAct, SESSION_HEADER, sessionObjectSchema } from './api/session-object.ts';
export type { ArtifactRef } from './artifact-ref.ts';
export type { AutoscalePolicy } from './autoscale-policy.ts';
export { autoscalePolicySchema } from './autoscale-policy.ts';
export { checkpointName, parseCheckpointName } from './checkpoint-name.ts';
export type { Clock } from './clock.ts';
export type { DatasetReport, Leakage, LengthSummary } from './datasets/dataset-report.ts';
export { datasetProblemSchema, datasetReportSchema, leakageSchema } from './datasets/dataset-report.ts';
export type { ChatMessage, ChatRole, DatasetFormat, DatasetProblem, DatasetRow } from './datasets/dataset-row.ts';
export { CHAT_ROLES, DATASET_FORMATS, isTrained } from './datasets/dataset-row.ts';
export type { ParsedLine } from './datasets/parse-dataset-line.ts';
export { mixedFormatProblem, parseDatasetLine } from './datasets/parse-dataset-line.ts';
export { joinMessages, toSourceTarget } from './datasets/source-target.ts';
export { deadlineFailure, deadlineOf } from './deadline.ts';
export type { AttemptFacts, DecideContext, DecidedAction, DecideLimits, Decision } from './decide.ts';
export { decide } from './decide.ts';
export type { ScaleDecision, ScaleOutlook, ScaleReason } from './decide-scale.ts';
export { decideScale, SCALE_REASONS } from './decide-scale.ts';
export type { DecodingOptions } from './decoding-options.ts';
export { decodingOptionsSchema } from './decoding-options.ts';
export { describePoolChange } from './describe-pool-change.ts';
export type { ErrorCode, ErrorDetails } from './errors.ts';
export {
  AppError,
  CancelledError,
  CheckpointError,
  ConflictError,
  DamagedArtifactError,
  DatasetError,
  DeadlineExceededError,
  ERROR_CODES,
  InvalidRequestError,
  isArtifactLost,
  ModelError,
  NotFoundError,
  PermissionDeniedError,
  QuotaError,
  ShutdownError,
  StaleEpochError,
  TrainingDivergedError,
  UnauthenticatedError,
  UnavailableError,
} from './errors.ts';
export type { Expectation, PoolWork, RunningWork, WaitingWork } from './expect-starts.ts';
export { expectStart, expectStarts, measurePace, secondsLeftOf } from './expect-starts.ts';
export { backoffMs, FAILURE_RULES, failurePolicy } from './failure-policy.ts';
export type { Failure, FailureReason } from './failure-reason.ts';
export { FAILURE_REASONS } from './failure-reason.ts';
export type { GenerateChunk, GenerateRequest, ServeAssignment } from './generate.ts';
export { serveAssignmentSchema } from './generate.ts';
export type { EvaluationFigures, FineTuningJob, JobEstimate, JobProgress, JobResult, JobSpec } from './job.ts';
export { jobSpecSchema } from './job.ts';
export type { JobStatus, OpenAiJobStatus } from './job-status.ts';
export { ACTIVE_STATUSES, isActive, isTerminal, JOB_STATUSES, TERMINAL_STATUSES, toOpenAiStatus } from './job-status.ts';
export { kubernetesPoolSettingsSchema } from './kubernetes-pool-settings.ts';
export { readKubernetesQuantity } from './kubernetes-quantity.ts';
export type { LoraConfig } from './lora-config.ts';
export { ALL_LINEAR, loraConfigSchema } from './lora-config.ts';
export type { ObservedRank } from './observed-rank.ts';
export { failureFromExit, isFinished } from './observed-rank.ts';
export { fitToMemory, isOutOfMemory, judgeFailure, shrunkMicroBatchSize } from './out-of-memory.ts';
export type { Pool, PoolCapacity } from './pool.ts';
export { billedUnits, mostWorkers, placesToKeep, poolSchema, widthRefusal } from './pool.ts';
export type { ProjectQuota, ProjectUse, QuotaRefusal } from './quota.ts';
export { admitJob, countReleasable, launchRefusal, monthOf, NO_QUOTA } from './quota.ts';
export type { EstimateFacts } from './submission/estimate-job.ts';
export { estimateJob } from './submission/estimate-job.ts';
export { peakMemoryBytes } from './submission/estimate-memory.ts';
export type { ModelShape } from './submission/model-shape.ts';
export { parseModelShape } from './submission/parse-model-shape.ts';
export type { JobSpecFacts } from './submission/resolve-job-spec.ts';
export { baseLearningRate, DEFAULT_SOURCE_TOKENS, DEFAULT_TARGET_TOKENS, resolveJobSpec } from './submission/resolve-job-spec.ts';
export type { JobEvent, JobEventType, Transition } from './transition.ts';
export { JOB_EVENT_TYPES, TRANSITIONS, transition } from './transition.ts';
export type { Wait, WaitFacts, WaitReason } from './wait-reason.ts';
export { WAIT_REASONS, waitReason } from './wait-reason.ts';
export type { NumberedReport, RankAssignment, RankIdentity, WorkerCommand, WorkerReport } from './worker-report.ts';
export { failureReasonSchema, rankAssignmentSchema } from './worker-report.ts';

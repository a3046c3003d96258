import type { FailureReason, GenerateChunk, WorkerCommand, WorkerReport } from '@capstan/core';
import * as inference from '../gen/lora/v1/inference.ts';
import * as report from '../gen/lora/v1/report.ts';
import * as worker from '../gen/lora/v1/worker.ts';
import { enumConverter } from './enum-converter.ts';

type Report<Type extends WorkerReport['type']> = Extract<WorkerReport, { type: Type }>;

export const phases = enumConverter<Report<'phase'>['phase']>()(report.Phase, {
  loading: 'LOADING',
  evaluating: 'EVALUATING',
  training: 'TRAINING',
  saving: 'SAVING',
});

export const logLevels = enumConverter<Report<'log'>['level']>()(report.LogLevel, { info: 'INFO', warn: 'WARN', error: 'ERROR' });

export const failureReasons = enumConverter<FailureReason>()(report.FailureReason, {
  OOMKilled: 'OOM_KILLED',
  BackendOutOfMemory: 'BACKEND_OUT_OF_MEMORY',
  TrainingDiverged: 'TRAINING_DIVERGED',
  DatasetInvalid: 'DATASET_INVALID',
  DatasetMissing: 'DATASET_MISSING',
  ModelInvalid: 'MODEL_INVALID',
  ModelMissing: 'MODEL_MISSING',
  LaunchFailed: 'LAUNCH_FAILED',
  ImagePullFailed: 'IMAGE_PULL_FAILED',
  HeartbeatLost: 'HEARTBEAT_LOST',
  DeadlineExceeded: 'DEADLINE_EXCEEDED',
  CheckpointInvalid: 'CHECKPOINT_INVALID',
  Evicted: 'EVICTED',
  Preempted: 'PREEMPTED',
  NodeLost: 'NODE_LOST',
  GangIncomplete: 'GANG_INCOMPLETE',
  WorkerKilled: 'WORKER_KILLED',
  TrainerError: 'TRAINER_ERROR',
});

export const stopReasons = enumConverter<Extract<WorkerCommand, { type: 'stop' }>['reason']>()(worker.StopReason, {
  pause: 'PAUSE',
  cancel: 'CANCEL',
  stale: 'STALE',
});

export const finishReasons = enumConverter<Extract<GenerateChunk, { type: 'done' }>['finishReason']>()(inference.FinishReason, {
  stop: 'STOP',
  length: 'LENGTH',
});

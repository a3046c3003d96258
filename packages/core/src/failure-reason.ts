/** Why an attempt or a job ended badly: a closed set, for programs. People read the `message` beside it. */
export const FAILURE_REASONS = [
  'OOMKilled',
  'BackendOutOfMemory',
  'TrainingDiverged',
  'DatasetInvalid',
  'DatasetMissing',
  'ModelInvalid',
  'ModelMissing',
  'LaunchFailed',
  'ImagePullFailed',
  'HeartbeatLost',
  'DeadlineExceeded',
  'CheckpointInvalid',
  'Evicted',
  'Preempted',
  'NodeLost',
  'GangIncomplete',
  'WorkerKilled',
  'TrainerError',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

export interface Failure {
  reason: FailureReason;
  message: string;
  /** Exit status of the rank's process, 128 + signal where it was killed; null where it is not known. */
  exitCode: number | null;
}

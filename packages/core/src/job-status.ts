/** Every status of a fine-tuning job, in the order in which people read them. The Prisma and proto enums are checked against it. */
export const JOB_STATUSES = [
  'queued',
  'starting',
  'running',
  'pausing',
  'paused',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export const TERMINAL_STATUSES = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly JobStatus[];
/** Statuses in which ranks of the current attempt may exist, and reports of its epoch are accepted. */
export const ACTIVE_STATUSES = ['starting', 'running', 'pausing', 'cancelling'] as const satisfies readonly JobStatus[];

export function isTerminal(status: JobStatus): boolean {
  return (TERMINAL_STATUSES as readonly JobStatus[]).includes(status);
}

export function isActive(status: JobStatus): boolean {
  return (ACTIVE_STATUSES as readonly JobStatus[]).includes(status);
}

/** OpenAI's six words. Strict clients reject any other, so the exact status travels as `capstan.state`. */
export type OpenAiJobStatus = 'validating_files' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

const OPENAI_STATUS: Record<JobStatus, OpenAiJobStatus> = {
  queued: 'queued',
  starting: 'queued',
  running: 'running',
  pausing: 'running',
  paused: 'queued',
  cancelling: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

export function toOpenAiStatus(status: JobStatus): OpenAiJobStatus {
  return OPENAI_STATUS[status];
}

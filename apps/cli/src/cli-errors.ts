import { AppError } from '@capstan/core';

/** The command line itself is wrong. */
export class UsageError extends AppError {
  constructor(message: string) {
    super('invalid_request', message);
  }
}

/** A job that was being watched ended as failed or cancelled. */
export class JobNotSucceededError extends AppError {
  constructor(message: string) {
    super('cancelled', message, { reason: 'job_not_succeeded' });
  }
}

/** Something failed and the person has been told already: only the exit status is left to say so. */
export class ReportedError extends AppError {
  constructor(cause: unknown) {
    super('internal', 'The command failed.', { cause });
  }
}

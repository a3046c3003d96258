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

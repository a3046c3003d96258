import type { Clock, WorkerReport } from '@capstan/core';
import type { Logger } from '@capstan/runtime';

type LogLevel = Extract<WorkerReport, { type: 'log' }>['level'];

export interface Reporter {
  report(report: WorkerReport): void;
  /** Says something to the people who watch the job: in the log of the process and in the job's log. */
  say(level: LogLevel, message: string, facts?: Record<string, unknown>): void;
}

/** A line of the job's log is for reading; whatever is longer is in the log of the process. */
const MAX_LOG_CHARACTERS = 4_000;

/** Sends reports up, and log lines both ways. */
export function createReporter({ send, logger, clock }: { send: (report: WorkerReport) => void; logger: Logger; clock: Clock }): Reporter {
  return {
    report: send,
    say(level, message, facts = {}) {
      logger[level](facts, message);
      send({ type: 'log', level, message: message.slice(0, MAX_LOG_CHARACTERS), at: clock.now() });
    },
  };
}

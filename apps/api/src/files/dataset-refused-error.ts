import { AppError, type DatasetProblem, type DatasetReport } from '@capstan/core';

const MOST_PROBLEMS = 100;

/** An upload that is not a dataset: the first bad line is the message, the first hundred travel as data. */
export class DatasetRefusedError extends AppError {
  readonly problems: DatasetProblem[];

  constructor(report: DatasetReport) {
    super('dataset_invalid', describe(report), { param: 'file', reason: 'invalid_training_file' });
    this.problems = report.problems.slice(0, MOST_PROBLEMS);
  }
}

function describe(report: DatasetReport): string {
  const [first] = report.problems;
  const count = report.problems.length + report.problemsOmitted;
  if (first === undefined) return 'The file holds no rows: write one JSON object per line.';
  return count === 1 ? `The file is not a dataset: ${first.message}` : `The file has ${count} problems, the first in ${first.message}`;
}

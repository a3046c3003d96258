import type { FineTuningJob } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import type { TransactionSql } from '../sql.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';

/** The job, or null where there is none, or where it belongs to another project than the one named. */
export async function findJob(sql: TransactionSql, id: string, projectId?: string): Promise<FineTuningJob | null> {
  const statement = Prisma.sql`SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.id = ${id}`;
  const [row] = await sql.rows<JobRow>(statement, 'find-job');
  return row === undefined || (projectId !== undefined && row.projectId !== projectId) ? null : toJob(row);
}

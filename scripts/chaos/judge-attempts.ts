import type pg from 'pg';
import type { Problem } from './verdict.ts';

interface AcceptedRow {
  job_id: string;
  attempt: number;
  was: number;
  sequence: number;
  owner: number;
  attempt_state: string;
}

interface AttemptRow {
  job_id: string;
  attempt: number;
  epoch: number;
  state: string;
  previous_attempt: number | null;
  previous_epoch: number | null;
  overlaps: boolean | null;
  bills: number;
}

/**
 * No report was accepted of an attempt that had ended or no longer owned its job, and none twice; attempts follow each other without a gap
 * or an overlap, each in an epoch of its own, each billed once.
 */
export async function judgeAttempts(client: pg.Client): Promise<Problem[]> {
  const accepted = await client.query<AcceptedRow>('SELECT * FROM chaos.accepted ORDER BY place');
  const attempts = await client.query<AttemptRow>(`
    SELECT a.job_id, a.attempt, a.epoch, a.state::text,
      lag(a.attempt) OVER w AS previous_attempt, lag(a.epoch) OVER w AS previous_epoch, a.intended_at < lag(a.ended_at) OVER w AS overlaps,
      (SELECT count(*)::int FROM usage u WHERE u.job_id = a.job_id AND u.attempt = a.attempt) AS bills
    FROM attempts a WINDOW w AS (PARTITION BY a.job_id ORDER BY a.attempt)`);
  return [...accepted.rows.flatMap(judgeAccepted), ...attempts.rows.flatMap(judgeAttempt)];
}

function judgeAccepted({ job_id: jobId, attempt, was, sequence, owner, attempt_state: state }: AcceptedRow): Problem[] {
  const reports = `reports ${was + 1} to ${sequence} of attempt ${attempt} of ${jobId}`;
  if (state === 'ended' || owner !== attempt)
    return [{ fault: 'stale', text: `Accepted ${reports} although it was ${state} and attempt ${owner} had the job.` }];
  if (sequence <= was) return [{ fault: 'doubled', text: `Accepted ${reports} after report ${was}.` }];
  return [];
}

function judgeAttempt(row: AttemptRow): Problem[] {
  const { job_id: jobId, attempt, epoch, state, bills } = row;
  const name = `Attempt ${attempt} of ${jobId}`;
  const problems: Problem[] = [];
  if (attempt !== (row.previous_attempt ?? 0) + 1 || epoch <= (row.previous_epoch ?? 0))
    problems.push({
      fault: 'stale',
      text: `${name} (epoch ${epoch}) follows attempt ${row.previous_attempt} (epoch ${row.previous_epoch}).`,
    });
  if (row.overlaps) problems.push({ fault: 'stale', text: `${name} began before the one before it had ended.` });
  if (state !== 'ended') problems.push({ fault: 'orphans', text: `${name} is still ${state}.` });
  if (state === 'ended' && bills !== 1)
    problems.push({ fault: bills > 1 ? 'doubled' : 'lost', text: `${name} was billed ${bills} times.` });
  return problems;
}

import type pg from 'pg';
import type { PlacedJob } from './place-jobs.ts';
import type { Problem } from './verdict.ts';

interface JobRow {
  id: string;
  status: string;
  terminal_events: number;
  terminal_changes: number;
  last_change: string;
}

const TERMINAL = `('succeeded', 'failed', 'cancelled')`;

/** Every accepted job is there once, has come to its right end, and came to it once; no job is there that nobody asked for. */
export async function judgeJobs(client: pg.Client, placed: readonly PlacedJob[]): Promise<Problem[]> {
  const { rows } = await client.query<JobRow>(`
    SELECT j.id, j.status::text,
      (SELECT count(*)::int FROM job_events e WHERE e.job_id = j.id AND e.data->>'state' IN ${TERMINAL}) AS terminal_events,
      (SELECT count(*)::int FROM chaos.statuses s WHERE s.job_id = j.id AND s.status IN ${TERMINAL}) AS terminal_changes,
      (SELECT s.status FROM chaos.statuses s WHERE s.job_id = j.id ORDER BY place DESC LIMIT 1) AS last_change
    FROM jobs j ORDER BY j.created_at`);
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const asked = new Set(placed.map(({ id }) => id));
  return [
    ...placed.flatMap((job) => judgeJob(job, rowOf.get(job.id))),
    ...rows.filter(({ id }) => !asked.has(id)).map(({ id }) => doubled(`${id} belongs to no creation: one of them made two jobs.`)),
  ];
}

function judgeJob({ id, key, recipe, expected, others }: PlacedJob, row: JobRow | undefined): Problem[] {
  if (row === undefined) return [{ fault: 'lost', text: `${id} (${key}) was accepted and is not there.` }];
  const problems: Problem[] = others.map((other) => doubled(`${key} was answered with ${id} and with ${other}.`));
  if (row.status !== expected)
    problems.push({ fault: 'lost', text: `${id} (${key}, ${recipe.name}) is ${row.status} and should be ${expected}.` });
  const { terminal_events: events, terminal_changes: changes } = row;
  if (events > 1 || changes > 1) problems.push(doubled(`${id} ended ${changes} times and told of it ${events} times.`));
  if (events < 1 || changes < 1 || row.last_change !== row.status)
    problems.push({
      fault: 'lost',
      text: `${id} is ${row.status}, told of its end ${events} times and changed last to ${row.last_change}.`,
    });
  return problems;
}

function doubled(text: string): Problem {
  return { fault: 'doubled', text };
}

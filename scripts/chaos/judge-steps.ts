import type pg from 'pg';
import type { PlacedJob } from './place-jobs.ts';
import type { Problem } from './verdict.ts';

interface TakenStep {
  attempt: number;
  step: number;
}

/**
 * A job that succeeded has one row for each of its steps. As they were accepted, steps come in order: within an attempt without gap or
 * repeat, from attempt to attempt only forward in time, and each attempt goes on after a checkpoint.
 */
export async function judgeSteps(client: pg.Client, placed: readonly PlacedJob[]): Promise<Problem[]> {
  const stored = await group<{ step: number }>(client, 'SELECT job_id, step FROM step_metrics WHERE train_loss IS NOT NULL ORDER BY step');
  const taken = await group<TakenStep>(client, 'SELECT job_id, attempt, step FROM chaos.steps ORDER BY place');
  const saved = await group<{ step: number }>(client, 'SELECT job_id, step FROM checkpoints');
  return placed.flatMap(({ id, recipe, expected }) => {
    const total = recipe.request.capstan?.training?.max_steps ?? 0;
    const steps = (stored.get(id) ?? []).map(({ step }) => step);
    const checkpoints = new Set((saved.get(id) ?? []).map(({ step }) => step));
    const isWhole = steps.length === total && steps.every((step, index) => step === index + 1);
    return [
      ...(expected === 'succeeded' && !isWhole ? [wrong(`${id} has rows for ${steps.length} of ${total} steps: ${steps.join(' ')}.`)] : []),
      ...judgeOrder(id, taken.get(id) ?? [], checkpoints),
    ];
  });
}

function judgeOrder(id: string, taken: readonly TakenStep[], checkpoints: ReadonlySet<number>): Problem[] {
  return taken.flatMap(({ attempt, step }, index) => {
    const before = taken[index - 1];
    const words = `${id}: step ${step} of attempt ${attempt} came after step ${before?.step ?? 0} of attempt ${before?.attempt ?? 0}`;
    if (before !== undefined && attempt < before.attempt) return [{ fault: 'stale' as const, text: `${words}.` }];
    if (before?.attempt === attempt) return step === before.step + 1 ? [] : [wrong(`${words}.`)];
    return step === 1 || checkpoints.has(step - 1) ? [] : [wrong(`${words}, and no checkpoint is before it.`)];
  });
}

async function group<Row>(client: pg.Client, query: string): Promise<Map<string, Row[]>> {
  const { rows } = await client.query<Row & { job_id: string }>(query);
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.job_id, [...(groups.get(row.job_id) ?? []), row]);
  return groups;
}

function wrong(text: string): Problem {
  return { fault: 'steps', text };
}

import type pg from 'pg';
import type { PlacedJob } from './place-jobs.ts';
import type { Problem } from './verdict.ts';

/** Every finished job holds what the undisturbed run of its recipe holds: the files of the adapter by hash, the loss of every step by bits. */
export async function judgeResults(
  client: pg.Client,
  { references, placed }: { references: readonly PlacedJob[]; placed: readonly PlacedJob[] },
): Promise<Problem[]> {
  const adapters = await read(
    client,
    `
    SELECT m.job_id, string_agg(f->>'path' || ' ' || (f->>'sha256'), ', ' ORDER BY f->>'path') AS result
    FROM models m, jsonb_array_elements(m.artifacts) AS f WHERE m.job_id IS NOT NULL GROUP BY 1`,
  );
  const curves = await read(
    client,
    `
    SELECT job_id, string_agg(step || ':' || train_loss || ':' || grad_norm, ' ' ORDER BY step) AS result
    FROM step_metrics WHERE train_loss IS NOT NULL GROUP BY 1`,
  );
  const referenceOf = new Map(references.map(({ recipe, id }) => [recipe.name, id]));
  const finished = placed.filter(({ expected }) => expected === 'succeeded');
  return finished.flatMap(({ id, recipe }) => {
    const reference = referenceOf.get(recipe.name) ?? '';
    const adapterDiffers = adapters.get(id) !== adapters.get(reference);
    if (adapterDiffers)
      return [differing(`${id} (${recipe.name}) left ${adapters.get(id)}; undisturbed it is ${adapters.get(reference)}.`)];
    const step = firstDifference(curves.get(id) ?? '', curves.get(reference) ?? '');
    return step === null ? [] : [differing(`${id} (${recipe.name}) has another loss than undisturbed: ${step}.`)];
  });
}

function firstDifference(curve: string, reference: string): string | null {
  const expected = reference.split(' ');
  return curve.split(' ').find((point, index) => point !== expected[index]) ?? null;
}

async function read(client: pg.Client, query: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ job_id: string; result: string }>(query);
  return new Map(rows.map(({ job_id: jobId, result }) => [jobId, result]));
}

function differing(text: string): Problem {
  return { fault: 'differing', text };
}

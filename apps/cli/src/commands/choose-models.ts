import type { ModelObject } from '@capstan/core';
import { NotFoundError } from '@capstan/core';
import { UsageError } from '../cli-errors.ts';
import type { Session } from '../session.ts';

/** Whom to ask: the named model or the newest fine-tuned one, and the one to compare it with, if any. */
export async function chooseModels(session: Session, { model, compare }: { model?: string; compare?: string }): Promise<string[]> {
  if (model !== undefined && compare !== 'base') return compare === undefined ? [model] : [model, compare];
  const signal = session.context.signal;
  const chosen =
    model === undefined
      ? newest((await session.client().models.list({ signal })).data)
      : await session.client().models.retrieve(model, { signal });
  if (model === undefined) session.output.note(`Asking ${chosen.id}.`);
  if (compare !== 'base') return compare === undefined ? [chosen.id] : [chosen.id, compare];
  const base = chosen.capstan?.base;
  if (base == null) throw new UsageError(`${chosen.id} is a base itself: give --compare the id of another model.`);
  return [base, chosen.id];
}

function newest(models: ModelObject[]): ModelObject {
  const byAge = models.toSorted((one, other) => other.created - one.created);
  const found = byAge.find(({ capstan }) => capstan?.kind === 'fine-tuned') ?? byAge[0];
  if (found === undefined) throw new NotFoundError('The platform has no models.');
  return found;
}

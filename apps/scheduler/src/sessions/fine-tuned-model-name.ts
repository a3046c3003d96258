import type { FineTuningJob } from '@capstan/core';

/** Enough of the job's random part that two jobs of a project do not meet: 60 bits. */
const ID_CHARACTERS = 12;

/** `ft:<base>:<organisation>:<suffix>:<id>`, as OpenAI names its own. A job has one name, however often it is asked for. */
export function fineTunedModelName({ id, spec }: Pick<FineTuningJob, 'id' | 'spec'>): string {
  const base = spec.model.startsWith('ft:') ? (spec.model.split(':')[1] ?? spec.model) : spec.model;
  return ['ft', base, 'capstan', spec.suffix ?? '', id.slice(-ID_CHARACTERS)].join(':');
}

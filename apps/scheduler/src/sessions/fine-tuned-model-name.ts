import type { FineTuningJob } from '@capstan/core';

/** Enough of the job's random part that two jobs of a project do not meet: 60 bits. */
const ID_CHARACTERS = 12;
const MOST_PROJECT_CHARACTERS = 40;

/** `ft:<base>:<project>:<suffix>:<id>`, as OpenAI names its own with the organisation. A job has one name, however often it is asked for. */
export function fineTunedModelName({ id, spec }: Pick<FineTuningJob, 'id' | 'spec'>, project: string): string {
  const base = spec.model.startsWith('ft:') ? (spec.model.split(':')[1] ?? spec.model) : spec.model;
  return ['ft', base, slugOf(project), spec.suffix ?? '', id.slice(-ID_CHARACTERS)].join(':');
}

/** A project's name as a part of another name: no colons, no blanks, no capitals. */
function slugOf(project: string): string {
  const words =
    project
      .normalize('NFKD')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, MOST_PROJECT_CHARACTERS).replace(/-$/, '') || 'project';
}

/** `ft:<base>:<project>:<suffix>:<short id>`, as OpenAI names its own; `suffix` may be empty. */
export function fineTunedModelName(parts: { base: string; project: string; suffix: string | null; jobId: string }): string {
  const shortId = parts.jobId.replace(/^ftjob-/, '').slice(-8);
  return ['ft', parts.base.replace(/^ft:/, '').split(':')[0] ?? '', slug(parts.project), slug(parts.suffix ?? ''), shortId].join(':');
}

/** OpenAI's name of the model at a step; steps are told apart by the ending. */
export function checkpointModelName(modelName: string, step: number): string {
  return `${modelName}:ckpt-step-${step}`;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

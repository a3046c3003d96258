/** Enough to find the checkpoint by; the rest of a name is for people. */
const NAME = /^ft:.+:([0-9a-z]{24}):ckpt-step-(\d+)$/;

/** `ft:<base>:<checkpoint>:ckpt-step-<n>`: the name by which the weights of a step can be used, while the job runs and after any end of it. */
export function checkpointName({ model, checkpointId, step }: { model: string; checkpointId: string; step: number }): string {
  const base = model.startsWith('ft:') ? (model.split(':')[1] ?? model) : model;
  return `ft:${base}:${checkpointId.replace(/^ftckpt-/, '')}:ckpt-step-${step}`;
}

/** The checkpoint that a name means, or null where it is no name of one. */
export function parseCheckpointName(name: string): { checkpointId: string; step: number } | null {
  const [, id, step] = NAME.exec(name) ?? [];
  return id === undefined ? null : { checkpointId: `ftckpt-${id}`, step: Number(step) };
}

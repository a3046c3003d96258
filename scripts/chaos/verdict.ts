/** What can be wrong at the end, by the name under which the last line counts it. */
export const FAULTS = ['lost', 'doubled', 'stale', 'steps', 'differing', 'orphans', 'died', 'serverErrors'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Problem {
  fault: Fault;
  /** For people, with the ids that are needed to look further. */
  text: string;
}

export function countFaults(problems: readonly Problem[]): Record<Fault, number> {
  const count = (wanted: Fault) => problems.filter(({ fault }) => fault === wanted).length;
  return Object.fromEntries(FAULTS.map((fault) => [fault, count(fault)])) as Record<Fault, number>;
}

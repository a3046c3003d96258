import type { Victim } from './draw.ts';
import type { Problem } from './verdict.ts';

/** How the platform calls its processes when one of them dies, and by which strikes that may be. */
const STRIKES: Record<string, Victim[]> = {
  'The API': ['api'],
  'The scheduler': ['scheduler'],
  Redis: ['redis', 'emptied redis'],
  Postgres: ['postgres'],
};

/** Nothing died that was not struck: an outage of one is no reason for another to go down with it. */
export function judgeDeaths(said: readonly string[], struck: Partial<Record<Victim, number>>): Problem[] {
  return Object.entries(STRIKES).flatMap(([name, victims]) => {
    const deaths = said.filter((message) => message.startsWith(`${name} ended unexpectedly`));
    const strikes = victims.reduce((sum, victim) => sum + (struck[victim] ?? 0), 0);
    return deaths.length > strikes ? [{ fault: 'died', text: `${name} died ${deaths.length} times and was struck ${strikes} times.` }] : [];
  });
}

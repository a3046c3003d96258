// `npm run chaos -- --rounds 30 --seed 1`: jobs under way, and kill -9 of something each round; then everything must be as if nothing had been.
// With CHAOS_KEEP set, its folder (logs, database, artifacts) stays, to look into what went wrong.
import { parseArgs } from 'node:util';
import { runChaos } from './chaos/run-chaos.ts';
import { countFaults } from './chaos/verdict.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } } });
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const say = (text: string) => void process.stdout.write(`${text}\n`);

const { problems, struck, ...figures } = await runChaos({ rounds, seed, env: process.env, announce: say });
for (const { fault, text } of problems.slice(0, 100)) say(`\nFAILED (${fault}): ${text}`);
const strikes = Object.entries(struck).map(([victim, times]) => `${victim} ${times}`);
say(`\n${rounds} rounds in ${figures.seconds} s: ${strikes.join(', ')}.`);
say(
  `${figures.jobs} jobs in ${figures.attempts} attempts, ${figures.resumed} of them from a checkpoint: ${figures.succeeded} succeeded, ${figures.cancelled} were cancelled.`,
);
say(`${figures.outlived} frozen workers woke up when their attempt was over.`);
say(`\n${JSON.stringify({ script: 'chaos', rounds, seed, ...figures, ...countFaults(problems) })}`);
process.exitCode = problems.length === 0 ? 0 : 1;

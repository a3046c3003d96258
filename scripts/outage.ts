// `npm run outage -- --seconds 60`: Postgres, Redis, scheduler and API go away one after the other, for so long, while a real job trains.
import { parseArgs } from 'node:util';
import { runOutage } from './outage/run-outage.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const say = (text: string) => void process.stdout.write(`${text}\n`);

const { problems, ...figures } = await runOutage({ seconds: Number(values.seconds), env: process.env, announce: say });
for (const problem of problems) say(`\nFAILED: ${problem}`);
for (const [service, steps] of Object.entries(figures.trainedMeanwhile)) say(`${service}: ${steps} steps were trained meanwhile.`);
say(`\n${JSON.stringify({ script: 'outage', ...figures, problems: problems.length })}`);
process.exitCode = problems.length === 0 ? 0 : 1;

// `npm run fuzz -- --requests 10000 --seed 1`: bad input in bulk, to every route and to the gRPC port. `--only N` repeats one request.
import { parseArgs } from 'node:util';
import { MOST_GROWTH_MIB, runFuzz } from './fuzz/run-fuzz.ts';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } },
});
const seed = Number(values.seed);
const say = (text: string) => void process.stdout.write(`${text}\n`);

const only = values.only === undefined ? undefined : Number(values.only);
const report = await runFuzz({ requests: Number(values.requests), seed, only, env: process.env, announce: say });
const { requests, seconds, tally, growthMiB, problems } = report;
say(`\n${tally.toText()}`);
say('501 (unsupported) is the answer of the parts of OpenAI that are not served; 429 and 503 (noCapacity) are allowed of a model only.');
say('"left": the fuzzer went away first, from streams, slow requests and questions to a model.');
say(
  `Lowest memory at the end above the lowest after the warm-up: API ${growthMiB.api} MiB, scheduler ${growthMiB.scheduler} MiB (allowed: ${MOST_GROWTH_MIB}).`,
);
for (const { index, what, problem } of tally.failures.slice(0, 50)) {
  say(`\nFAILED: npm run fuzz -- --seed ${seed} --only ${index}\n  ${what}\n  ${problem}`);
}
for (const problem of problems) say(`\nFAILED: ${problem}`);
const serverErrors = tally.failures.filter(({ problem }) => problem.startsWith('is a fault of the server')).length;
const line = {
  script: 'fuzz',
  seed,
  requests,
  seconds,
  serverErrors,
  failures: tally.failures.length + problems.length,
  answered: tally.total('answered'),
  refused: tally.total('refused'),
  unsupported: tally.total('unsupported'),
  noCapacity: tally.total('noCapacity'),
  left: tally.total('left'),
  growthMiB,
};
say(`\n${JSON.stringify(line)}`);
process.exitCode = line.failures === 0 ? 0 : 1;

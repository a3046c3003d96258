import { Phase, type ReportRecord } from '../../packages/proto/src/gen/lora/v1/report.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import { oddText } from './odd-values.ts';
import type { Random } from './random.ts';

type Report = NonNullable<ReportRecord['report']>;

const INTEGERS = [0, 1, 7, -1, 2_147_483_647, 2_147_483_648, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
const DOUBLES = [0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, 5e-324];

/** A report of a kind that does not end the attempt, with numbers and texts that no trainer would write. */
export function oddReport({ foreign }: FuzzWorld, random: Random): Report {
  const step = () => random.pick(INTEGERS);
  const figure = () => random.pick(DOUBLES);
  const text = () => (random.chance(0.05) ? 'x'.repeat(200_000) : oddText(random));
  const at = random.pick([new Date(0), new Date(8.64e15), new Date(-8.64e15), new Date('2026-01-01'), undefined]);
  const sha256 = random.pick([...foreign.hashes, '', 'f'.repeat(64), '../../etc/passwd', text()]);
  const state = { path: text(), sha256, bytes: step() };
  const figures = { loss: figure(), tokenAccuracy: figure(), rouge1: figure(), rouge2: figure(), rougeL: figure(), rows: step() };
  const reports: Report[] = [
    { $case: 'phase', value: { phase: random.pick([Phase.TRAINING, Phase.UNSPECIFIED, 99 as Phase]) } },
    { $case: 'ready', value: { backend: text(), detail: text() } },
    {
      $case: 'step',
      value: {
        step: step(),
        epoch: figure(),
        trainLoss: figure(),
        learningRate: figure(),
        gradNorm: figure(),
        tokens: step(),
        tokensPerSecond: figure(),
        memoryBytes: step(),
        elapsedMs: step(),
        at,
      },
    },
    { $case: 'evaluation', value: { step: step(), evalLoss: figure(), tokenAccuracy: figure(), at } },
    { $case: 'baseEvaluation', value: { figures: random.chance(0.7) ? figures : undefined, outputs: [text(), text()] } },
    {
      $case: 'checkpoint',
      value: { step: step(), state: random.chance(0.8) ? state : undefined, adapter: [state], metrics: { [text()]: figure() } },
    },
    { $case: 'log', value: { level: random.pick([1, 2, 3, 0, 42] as const) as 1, message: text(), at } },
  ];
  return random.pick(reports);
}

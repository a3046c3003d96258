import type { DemoResults } from './show-results.ts';

/** The last line of the demo, for programs. */
export interface DemoSummary {
  script: 'demo';
  ok: boolean;
  [member: string]: unknown;
}

export function successSummary({ backend, base, adapter, tokensPerSecond }: DemoResults, steps: number, seconds: number): DemoSummary {
  return {
    script: 'demo',
    ok: true,
    backend,
    steps,
    seconds: round(seconds, 1),
    base: figures(base),
    adapter: figures(adapter),
    tokensPerSecond: tokensPerSecond === null ? null : round(tokensPerSecond, 1),
  };
}

export function failureSummary(message: string, seconds: number): DemoSummary {
  return { script: 'demo', ok: false, seconds: round(seconds, 1), error: message };
}

function figures({ loss, rouge1, rouge2, rougeL }: DemoResults['base']) {
  return { loss: round(loss, 4), rouge1: round(rouge1, 4), rouge2: round(rouge2, 4), rougeL: round(rougeL, 4) };
}

function round(number: number, digits: number): number {
  return Number(number.toFixed(digits));
}

import { type Parameter, parameterCount } from './parameters.ts';

/** The optimiser's memory: parameters and moments as flat vectors, in the order of the parameters. */
export interface AdamWState {
  /** Updates made so far. */
  step: number;
  values: Float32Array;
  firstMoments: Float32Array;
  secondMoments: Float32Array;
}

export interface AdamWOptions {
  learningRate: number;
  weightDecay: number;
}

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-8;

export function createAdamW(values: Float32Array): AdamWState {
  return { step: 0, values, firstMoments: new Float32Array(values.length), secondMoments: new Float32Array(values.length) };
}

/**
 * One update in place, as torch.optim.AdamW: decoupled decay (Loshchilov and Hutter, 2019) and bias-corrected moments. It runs on
 * the host in plain arrays: one loop over a flat vector beats ten dispatched ops per tensor, and is the same on every backend.
 */
export function applyAdamW(state: AdamWState, parameters: readonly Parameter[], gradients: Float32Array, options: AdamWOptions): void {
  if (gradients.length !== parameterCount(parameters))
    throw new Error(`AdamW: ${gradients.length} gradients for ${parameterCount(parameters)} parameters.`);
  state.step += 1;
  const corrections = biasCorrections(state.step);
  let begin = 0;
  for (const { shape, decays } of parameters) {
    const end = shape.reduce((size, n) => size * n, 1) + begin;
    updateRange(state, gradients, { begin, end }, { ...options, corrections, weightDecay: decays ? options.weightDecay : 0 });
    begin = end;
  }
}

/**
 * What the first moment and the root of the second one are divided by. They come in an array, because V8 computes a power where its result is used: in the
 * loop, once for every number, which costs fifteen times the update.
 */
function biasCorrections(step: number): Float64Array {
  return Float64Array.of(1 - BETA_1 ** step, Math.sqrt(1 - BETA_2 ** step));
}

function updateRange(
  state: AdamWState,
  gradients: Float32Array,
  { begin, end }: { begin: number; end: number },
  { corrections, learningRate, weightDecay }: AdamWOptions & { corrections: Float64Array },
): void {
  const { values, firstMoments, secondMoments } = state;
  const [firstCorrection, rootCorrection] = corrections as unknown as [number, number];
  const stepSize = learningRate / firstCorrection;
  const kept = 1 - learningRate * weightDecay;
  for (let i = begin; i < end; i++) {
    const gradient = gradients[i] as number;
    const first = BETA_1 * (firstMoments[i] as number) + (1 - BETA_1) * gradient;
    const second = BETA_2 * (secondMoments[i] as number) + (1 - BETA_2) * gradient * gradient;
    firstMoments[i] = first;
    secondMoments[i] = second;
    values[i] = (values[i] as number) * kept - (stepSize * first) / (Math.sqrt(second) / rootCorrection + EPSILON);
  }
}

/** Scales the gradients in place to at most `maxNorm`, as torch.nn.utils.clip_grad_norm_; returns the norm before. */
export function clipByGlobalNorm(gradients: Float32Array, maxNorm: number): number {
  let sum = 0;
  for (let i = 0; i < gradients.length; i++) sum += (gradients[i] as number) ** 2;
  const norm = Math.sqrt(sum);
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1) for (let i = 0; i < gradients.length; i++) gradients[i] = (gradients[i] as number) * factor;
  return norm;
}

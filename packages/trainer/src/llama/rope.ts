import { ModelError } from '@capstan/core';
import type { HostTensor } from '../host-tensor.ts';
import { isObject, type Json, readCount, readPositive } from '../read-config.ts';

export interface Rope {
  /** Radians that each pair of coordinates turns from one position to the next. */
  frequencies: Float64Array;
  /** YaRN sharpens attention by scaling what turns. */
  magnitude: number;
}

/** Reads rotary positions as models on the Hub have them (`rope_theta`, `rope_scaling`) or as transformers 5 writes them (`rope_parameters`). */
export function parseRope(json: Json, headWidth: number): Rope {
  const settings: Json = { rope_theta: json.rope_theta, ...firstObject(json.rope_parameters, json.rope_scaling) };
  const theta = readPositive(settings, 'rope_theta', 10_000);
  const plain = Float64Array.from({ length: headWidth / 2 }, (_, i) => theta ** ((-2 * i) / headWidth));
  const type = settings.rope_type ?? settings.type ?? 'default';
  switch (type) {
    case 'default':
      return { frequencies: plain, magnitude: 1 };
    case 'linear':
      return { frequencies: plain.map((frequency) => frequency / readPositive(settings, 'factor')), magnitude: 1 };
    case 'llama3':
      return { frequencies: scaleLlama3(plain, settings), magnitude: 1 };
    case 'yarn':
      return scaleYarn(plain, { theta, headWidth, settings, json });
    default:
      throw new ModelError(`config.json: rope type ${JSON.stringify(type)} is not supported; use "default", "linear", "llama3" or "yarn".`);
  }
}

function firstObject(...values: unknown[]): Json {
  return values.find(isObject) ?? {};
}

/** Slow turns are slowed further, fast ones kept, those between blended. */
function scaleLlama3(plain: Float64Array, settings: Json): Float64Array {
  const factor = readPositive(settings, 'factor');
  const low = readPositive(settings, 'low_freq_factor');
  const high = readPositive(settings, 'high_freq_factor');
  const context = readCount(settings, 'original_max_position_embeddings');
  return plain.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < context / high) return frequency;
    if (wavelength > context / low) return frequency / factor;
    const kept = (context / wavelength - low) / (high - low);
    return (1 - kept) * (frequency / factor) + kept * frequency;
  });
}

interface YarnFacts {
  theta: number;
  headWidth: number;
  settings: Json;
  json: Json;
}

/** Peng et al., 2023: interpolates between slowed and plain turns by how often each turns over the original context. */
function scaleYarn(plain: Float64Array, { theta, headWidth, settings, json }: YarnFacts): Rope {
  const factor = readPositive(settings, 'factor');
  const context = readCount(settings, 'original_max_position_embeddings', readCount(json, 'max_position_embeddings'));
  const pairOf = (turns: number) => (headWidth * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const cut = (pair: number, round: (value: number) => number) => (settings.truncate === false ? pair : round(pair));
  const low = Math.max(cut(pairOf(readPositive(settings, 'beta_fast', 32)), Math.floor), 0);
  const high = Math.min(cut(pairOf(readPositive(settings, 'beta_slow', 1)), Math.ceil), headWidth - 1);
  const span = low === high ? 0.001 : high - low;
  const frequencies = plain.map((frequency, i) => {
    const slowed = Math.min(1, Math.max(0, (i - low) / span));
    return (frequency / factor) * slowed + frequency * (1 - slowed);
  });
  return { frequencies, magnitude: yarnMagnitude(factor, settings) };
}

function yarnMagnitude(factor: number, settings: Json): number {
  if (typeof settings.attention_factor === 'number') return settings.attention_factor;
  const grown = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  const { mscale, mscale_all_dim: overall } = settings;
  if (typeof mscale === 'number' && mscale !== 0 && typeof overall === 'number' && overall !== 0) return grown(mscale) / grown(overall);
  return grown(1);
}

/** positions: [rows · length] → the cosine and sine of every coordinate's turn there, both halves alike: [rows or 1, 1, length, headWidth]. */
export function turnsAt({ frequencies, magnitude }: Rope, positions: Int32Array, length: number): Record<'cosines' | 'sines', HostTensor> {
  const width = 2 * frequencies.length;
  const shape = [positions.length / length, 1, length, width];
  const angles = (turn: (angle: number) => number) => {
    const values = new Float32Array(positions.length * width);
    for (let i = 0; i < values.length; i++) {
      const frequency = frequencies[i % frequencies.length] as number;
      values[i] = magnitude * turn((positions[Math.floor(i / width)] as number) * frequency);
    }
    return { values, shape };
  };
  return { cosines: angles(Math.cos), sines: angles(Math.sin) };
}

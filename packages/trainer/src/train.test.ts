import { CheckpointError, type LoraConfig, TrainingDivergedError } from '@capstan/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapterFiles } from './adapter-files.ts';
import { backendMemory, initBackend } from './backend.ts';
import { evaluate } from './evaluate.ts';
import { createAdapter } from './lora.ts';
import { type Model, modelFiles } from './model.ts';
import { parseSafetensors } from './safetensors.ts';
import { tinyExamples, tinyModel } from './test-model.ts';
import { type TrainEvent, type TrainOptions, train } from './train.ts';

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

const LORA: LoraConfig = { r: 4, alpha: 8, dropout: 0, targetModules: 'all-linear' };
const EXAMPLES = tinyExamples(22);

function options(model: Model, changes: Partial<TrainOptions> = {}): TrainOptions {
  return {
    model,
    train: EXAMPLES,
    validation: tinyExamples(5, 2),
    schedule: { totalSteps: 9, warmupSteps: 2, learningRate: 5e-3, decay: 'linear' },
    batchSize: 4,
    microBatchSize: 2,
    maxGradNorm: 1,
    weightDecay: 0.01,
    seed: 0,
    evalEverySteps: null,
    checkpointEverySteps: 0,
    ...changes,
  };
}

async function collect(run: TrainOptions): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(run)) events.push(event);
  return events;
}

/** Trains a fresh adapter with every source of randomness switched on and returns its bytes. */
async function trainAdapter(changes: Partial<TrainOptions> = {}, seed = 3) {
  const model = tinyModel();
  const adapter = createAdapter(model, { ...LORA, dropout: 0.1 }, seed);
  const events = await collect(options(model, { adapter, dropout: 0.1, ...changes }));
  const bytes = (await adapterFiles(adapter, 'base'))['adapter_model.safetensors'];
  adapter.dispose();
  model.dispose();
  return { events, bytes };
}

const losses = (events: readonly TrainEvent[]) => events.flatMap((event) => (event.type === 'step' ? [event.trainLoss] : []));

describe('train', () => {
  it('gives the same adapter bit for bit with the same seed, another with another', async () => {
    const [first, again, other] = [await trainAdapter(), await trainAdapter(), await trainAdapter({ seed: 1 })];
    expect(again).toEqual(first);
    expect(other.bytes).not.toEqual(first.bytes);
  });

  it('stopped and resumed equals an uninterrupted run bit for bit, across an epoch, with accumulation and dropout', async () => {
    const whole = await trainAdapter();
    let asked = 0;
    const stopped = await trainAdapter({ command: () => (++asked === 7 ? 'stop' : 'continue') });
    const [checkpoint, end] = stopped.events.slice(-2);
    expect(end).toEqual({ type: 'stopped', step: 7 });
    const resumed = await trainAdapter({ resume: (checkpoint as { state: Uint8Array }).state }, 99);
    expect(resumed.bytes).toEqual(whole.bytes);
    expect([...losses(stopped.events), ...losses(resumed.events)]).toEqual(losses(whole.events));
  });

  it('overfits one batch', async () => {
    const model = tinyModel();
    const adapter = createAdapter(model, { ...LORA, r: 8, alpha: 16 }, 1);
    const batch = EXAMPLES.slice(0, 4);
    const schedule = { totalSteps: 150, warmupSteps: 5, learningRate: 2e-2, decay: 'cosine' as const };
    const events = await collect(options(model, { adapter, train: batch, microBatchSize: 4, schedule, weightDecay: 0 }));
    expect(losses(events)[0]).toBeGreaterThan(3);
    expect(losses(events).at(-1)).toBeLessThan(0.1);
    expect((await evaluate(model, adapter, batch)).tokenAccuracy).toBe(1);
  });

  it('keeps the number of tensors flat across steps, evaluations and checkpoints', async () => {
    const model = tinyModel();
    const adapter = createAdapter(model, LORA, 1);
    const counts = new Set<number>();
    for await (const event of train(options(model, { adapter, evalEverySteps: 2, checkpointEverySteps: 3 }))) {
      if (event.type !== 'finished') counts.add(backendMemory().numTensors);
    }
    expect(counts.size).toBe(1);
  });

  it('reports every step, evaluations when due and at the end, checkpoints when due and on demand', async () => {
    const model = tinyModel();
    let asked = 0;
    const command = () => (++asked === 4 ? ('checkpoint' as const) : ('continue' as const));
    const events = await collect(
      options(model, { adapter: createAdapter(model, LORA, 1), evalEverySteps: 4, checkpointEverySteps: 3, command }),
    );
    const at = (type: TrainEvent['type']) => events.flatMap((event) => (event.type === type ? [event.step] : []));
    expect(at('step')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(at('evaluation')).toEqual([4, 8, 9]);
    expect(at('checkpoint')).toEqual([3, 4, 6, 9]);
    expect(at('finished')).toEqual([9]);
    const perEpoch = Math.ceil(EXAMPLES.length / 4);
    expect(events[0]).toMatchObject({ totalSteps: 9, epoch: 1 / perEpoch, learningRate: 0 });
    expect(events[1]).toMatchObject({ step: 2, learningRate: 2.5e-3 });
    const tokens = events
      .flatMap((event) => (event.type === 'step' && event.step <= perEpoch ? [event.tokens] : []))
      .reduce((a, b) => a + b);
    expect(tokens).toBe(EXAMPLES.reduce((sum, { inputIds, labels }) => sum + inputIds.length + labels.length, 0));
  });

  it('does not depend on the size of micro-batches but for rounding', async () => {
    const changes = { dropout: 0, schedule: { totalSteps: 3, warmupSteps: 0, learningRate: 1e-3, decay: 'constant' as const } };
    const run = async (microBatchSize: number) => {
      const model = tinyModel();
      return losses(await collect(options(model, { ...changes, adapter: createAdapter(model, LORA, 1), microBatchSize })));
    };
    const [one, four] = [await run(1), await run(4)];
    for (const [i, loss] of one.entries()) expect(loss).toBeCloseTo(four[i] as number, 4);
  });

  it('on two ranks equals one rank at the same global batch', async () => {
    const run = async (rank: number, worldSize: number, allReduce?: TrainOptions['allReduce']) => {
      const model = tinyModel();
      return losses(await collect(options(model, { adapter: createAdapter(model, LORA, 1), shard: { rank, worldSize }, allReduce })));
    };
    const alone = await run(0, 1);
    const meeting = twoRankMeeting();
    const [first, second] = await Promise.all([run(0, 2, meeting), run(1, 2, meeting)]);
    expect(second).toEqual(first);
    for (const [i, loss] of alone.entries()) expect(loss).toBeCloseTo(first[i] as number, 4);
  });

  it('throws TrainingDivergedError with the step when the loss is no longer finite', async () => {
    const model = tinyModel();
    const schedule = { totalSteps: 20, warmupSteps: 0, learningRate: 1e30, decay: 'constant' as const };
    const run = collect(options(model, { adapter: createAdapter(model, LORA, 1), schedule }));
    await expect(run).rejects.toThrow(TrainingDivergedError);
    await expect(run).rejects.toMatchObject({ code: 'training_diverged', step: expect.any(Number) });
  });
});

describe('method full', () => {
  it.each([{ tie_word_embeddings: false }, { tie_word_embeddings: true, feed_forward_proj: 'relu' }])(
    'trains every weight from a random start (%j)',
    async (changes) => {
      const model = tinyModel(changes);
      const before = parseSafetensors((await modelFiles(model))['model.safetensors']);
      const schedule = { totalSteps: 60, warmupSteps: 3, learningRate: 1e-2, decay: 'linear' as const };
      const events = await collect(options(model, { train: EXAMPLES.slice(0, 4), microBatchSize: 4, schedule }));
      for (const [name, { data }] of parseSafetensors((await modelFiles(model))['model.safetensors'])) {
        expect([name, Buffer.compare(data, before.get(name)?.data as Uint8Array)]).not.toEqual([name, 0]);
      }
      expect(losses(events).at(-1)).toBeLessThan(0.3 * (losses(events)[0] as number));
    },
  );
});

describe('a checkpoint', () => {
  const checkpointOf = async () => {
    const { events } = await trainAdapter({ command: () => 'stop' });
    return (events.find(({ type }) => type === 'checkpoint') as { state: Uint8Array }).state;
  };

  it('is refused with a clear error when any part of it is damaged', async () => {
    const state = await checkpointOf();
    for (const position of [3, 20, 60, 200, state.length >> 1, state.length - 1]) {
      const damaged = state.slice();
      damaged[position] = (damaged[position] as number) ^ 0x55;
      const resuming = trainAdapter({ resume: damaged });
      await expect(resuming).rejects.toThrow(CheckpointError);
      await expect(resuming).rejects.toThrow(/checkpoint/i);
    }
    await expect(trainAdapter({ resume: state.subarray(0, 1000) })).rejects.toThrow(CheckpointError);
    await expect(trainAdapter({ resume: new Uint8Array() })).rejects.toThrow(CheckpointError);
  });

  it('of another run is refused by what differs', async () => {
    const state = await checkpointOf();
    await expect(trainAdapter({ resume: state, seed: 5 })).rejects.toThrow('a run with seed 0, but this one has 5');
    await expect(trainAdapter({ resume: state, batchSize: 2 })).rejects.toThrow('a run with batchSize 4, but this one has 2');
    const model = tinyModel();
    const adapter = createAdapter(model, { ...LORA, r: 2 }, 1);
    await expect(collect(options(model, { adapter, resume: state }))).rejects.toThrow('trains other tensors than this run');
  });
});

/** An all-reduce of two callers in one process: both get the sum once both have come. */
function twoRankMeeting(): (gradients: Float32Array) => Promise<Float32Array> {
  let waiting: { gradients: Float32Array; resolve(sum: Float32Array): void } | undefined;
  return (gradients) => {
    const other = waiting;
    if (other === undefined) {
      return new Promise((resolve) => {
        waiting = { gradients, resolve };
      });
    }
    waiting = undefined;
    const sum = gradients.map((value, i) => value + (other.gradients[i] as number));
    other.resolve(sum.slice());
    return Promise.resolve(sum);
  };
}

import type { JobSpec } from '@capstan/core';

interface SpecOptions {
  suffix: string;
  workers: number;
  file: string;
}

export function makeSpec({ suffix, workers, file }: SpecOptions): JobSpec {
  return {
    ...{ model: 'base', trainingFile: file, validationFile: null, suffix, seed: 1, method: 'lora', init: 'pretrained' },
    lora: { r: 8, alpha: 16, dropout: 0, targetModules: 'all-linear' },
    training: {
      ...{
        totalSteps: 10,
        epochs: 1,
        batchSize: 4,
        microBatchSize: 4,
        learningRate: 0.1,
        warmupSteps: 0,
        decay: 'constant',
        weightDecay: 0,
      },
      ...{ maxGradNorm: 1, dropout: null, maxSourceTokens: 64, maxTargetTokens: 16, evalEverySteps: 0, evalRows: 0, rougeRows: 0 },
      checkpointEverySteps: 5,
    },
    resources: { workers, gpusPerWorker: 0, memoryMiB: null },
  };
}

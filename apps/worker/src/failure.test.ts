import { CheckpointError, DatasetError, ModelError, TrainingDivergedError, UnavailableError } from '@capstan/core';
import { expect, it } from 'vitest';
import { exitStatusOf, toFailure } from './failure.ts';

it.each([
  [new ModelError('m'), 'ModelInvalid'],
  [new ModelError('m', { reason: 'ModelMissing' }), 'ModelMissing'],
  [new DatasetError('d'), 'DatasetInvalid'],
  [new DatasetError('d', { reason: 'DatasetMissing' }), 'DatasetMissing'],
  [new CheckpointError('c'), 'CheckpointInvalid'],
  [new TrainingDivergedError(7), 'TrainingDiverged'],
  [new UnavailableError('u'), 'TrainerError'],
  [new Error('OOM when allocating tensor with shape[4,128]'), 'BackendOutOfMemory'],
  [new RangeError('Array buffer allocation failed'), 'BackendOutOfMemory'],
  [new Error('room for improvement'), 'TrainerError'],
  ['a string', 'TrainerError'],
])('%s is reported as %s', (error, reason) => {
  expect(toFailure(error).reason).toBe(reason);
});

it('every reason that a worker finds by itself has an exit status of its own', () => {
  const reasons = ['TrainerError', 'ModelInvalid', 'ModelMissing', 'DatasetInvalid', 'DatasetMissing', 'TrainingDiverged'] as const;
  expect(new Set(reasons.map(exitStatusOf)).size).toBe(reasons.length);
});

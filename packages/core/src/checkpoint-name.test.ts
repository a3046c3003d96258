import { expect, it } from 'vitest';
import { checkpointName, parseCheckpointName } from './checkpoint-name.ts';

const checkpointId = 'ftckpt-0123456789abcdefghjkmnpq';

it.each(['t5-nano', 'ft:t5-nano:default:mine:0123456789ab'])('a checkpoint of a job on %s is found by its name', (model) => {
  const name = checkpointName({ model, checkpointId, step: 50 });
  expect(name).toBe('ft:t5-nano:0123456789abcdefghjkmnpq:ckpt-step-50');
  expect(parseCheckpointName(name)).toEqual({ checkpointId, step: 50 });
});

it.each(['t5-nano', 'ft:t5-nano:default:mine:0123456789ab', 'ft:t5-nano:x:ckpt-step-5', '0123456789abcdefghjkmnpq:ckpt-step-5'])(
  '%s is no name of a checkpoint',
  (name) => {
    expect(parseCheckpointName(name)).toBeNull();
  },
);

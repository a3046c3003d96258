import { poolSchema } from '@capstan/core';
import { expect, it } from 'vitest';
import { buildPlaceholders } from './keep-places.ts';

const makePool = (settings: object = {}) => ({
  ...poolSchema.parse({ id: 'gpu', launcher: 'kubernetes', maxWorkers: 8, gpusPerWorker: 2, settings: { image: 'w', ...settings } }),
  ...{ memoryMiB: 1024, version: 1 },
});
const shapeOf = (wanted: Parameters<typeof buildPlaceholders>[0]) => buildPlaceholders(wanted).metadata?.annotations?.['capstan.dev/shape'];

it('holds the room of so many workers, below the priority of all work, and gives way at once', () => {
  const { metadata, spec } = buildPlaceholders({ pool: makePool({ nodeSelector: { gpu: 'h100' } }), places: 3 });
  expect(metadata?.name).toBe('capstan-warm-gpu');
  expect(spec?.replicas).toBe(3);
  expect(spec?.template.spec).toMatchObject({
    ...{ priorityClassName: 'capstan-warm', terminationGracePeriodSeconds: 0, nodeSelector: { gpu: 'h100' } },
    containers: [{ resources: { limits: { memory: '1024Mi', 'nvidia.com/gpu': '2' }, requests: { cpu: '1' } } }],
  });
});

it('has another shape as soon as places or pool differ, and the same for the same', () => {
  const pool = makePool();
  expect(shapeOf({ pool, places: 3 })).toBe(shapeOf({ pool: makePool(), places: 3 }));
  expect(shapeOf({ pool, places: 2 })).not.toBe(shapeOf({ pool, places: 3 }));
  expect(shapeOf({ pool: makePool({ cpu: '2' }), places: 3 })).not.toBe(shapeOf({ pool, places: 3 }));
});

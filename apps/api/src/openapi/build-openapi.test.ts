import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildOpenApi } from './build-openapi.ts';
import { operations } from './operations.ts';

describe('the description of the API', () => {
  it('equals docs/openapi.json; `npm run openapi -w apps/api` brings the file up to date', () => {
    const committed: unknown = JSON.parse(readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8'));
    expect(JSON.parse(JSON.stringify(buildOpenApi()))).toEqual(committed);
  });

  it('names every operation once', () => {
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives every operation its own path and method', () => {
    const { paths = {} } = buildOpenApi();
    const count = Object.values(paths).reduce((sum, path) => sum + Object.keys(path).length, 0);
    expect(count).toBe(operations.length);
  });
});

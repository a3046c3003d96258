import { expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from './load-config.ts';

const schema = z.object({
  PORT: z.coerce.number().int().min(1).default(8080),
  DATABASE_URL: z.string().startsWith('postgres'),
  HEARTBEAT_TIMEOUT_MS: z.coerce.number().int(),
});

it('parses variables and takes an empty one as absent', () => {
  const config = loadConfig(schema, { PORT: '', DATABASE_URL: 'postgres://x', HEARTBEAT_TIMEOUT_MS: '5000', OTHER: 'ignored' });
  expect(config).toEqual({ PORT: 8080, DATABASE_URL: 'postgres://x', HEARTBEAT_TIMEOUT_MS: 5000 });
});

it('names every problem at once and shows no value', () => {
  const load = () => loadConfig(schema, { PORT: '0', DATABASE_URL: 'mysql://secret', HEARTBEAT_TIMEOUT_MS: 'soon' });
  expect(load).toThrow(/PORT: .*\n.*DATABASE_URL: .*\n.*HEARTBEAT_TIMEOUT_MS: /);
  expect(load).not.toThrow(/secret/);
});

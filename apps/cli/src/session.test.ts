import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from './cli-errors.ts';
import { writeCredentials } from './platform/credentials.ts';
import { resolveConnection } from './session.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-session-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LOCAL = { baseUrl: 'http://127.0.0.1:8080/v1', apiKey: 'sk-capstan-local' };

describe('which platform a command speaks to', () => {
  it('is the one of this machine when nothing is given', () => {
    writeCredentials(join(folder, 'credentials.json'), LOCAL);
    expect(resolveConnection({ CAPSTAN_DATA_DIR: folder }, {})).toEqual(LOCAL);
  });

  it('is the one of the environment, and options go before it', () => {
    const env = { CAPSTAN_DATA_DIR: folder, CAPSTAN_BASE_URL: 'http://a', CAPSTAN_API_KEY: 'k1' };
    expect(resolveConnection(env, {})).toEqual({ baseUrl: 'http://a/v1', apiKey: 'k1' });
    expect(resolveConnection(env, { baseUrl: 'http://b/v1/', apiKey: 'k2' })).toEqual({ baseUrl: 'http://b/v1', apiKey: 'k2' });
  });

  it('never gets the key of another platform', () => {
    writeCredentials(join(folder, 'credentials.json'), LOCAL);
    expect(() => resolveConnection({ CAPSTAN_DATA_DIR: folder }, { baseUrl: 'http://elsewhere' })).toThrow(/No key is known/);
    expect(resolveConnection({ CAPSTAN_DATA_DIR: folder }, { baseUrl: 'http://127.0.0.1:8080' })).toEqual(LOCAL);
  });

  it('is a usage error when nothing names one', () => {
    expect(() => resolveConnection({ CAPSTAN_DATA_DIR: folder }, {})).toThrow(UsageError);
  });
});

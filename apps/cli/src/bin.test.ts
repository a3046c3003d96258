import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

it('is linked as `capstan` by an install that comes before every build', () => {
  expect(manifest.bin.capstan).not.toMatch(/dist/);
  const program = fileURLToPath(new URL(`../${manifest.bin.capstan}`, import.meta.url));
  expect(execFileSync(program, ['--help'], { encoding: 'utf8' })).toMatch(/^Usage: capstan/);
});

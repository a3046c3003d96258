import { describe, expect, it } from 'vitest';
import { createKeyedRunner } from './keyed-runner.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('createKeyedRunner', () => {
  it('runs a key once more after any number of requests during its work', async () => {
    const started: string[] = [];
    const runner = createKeyedRunner(
      async (key) => {
        started.push(key);
        await tick();
      },
      () => undefined,
    );
    for (let request = 0; request < 5; request += 1) runner.run('a');
    runner.run('b');
    await runner.idle();
    expect(started.filter((key) => key === 'a')).toHaveLength(2);
    expect(started.filter((key) => key === 'b')).toHaveLength(1);
  });

  it('reports a failure and stays usable', async () => {
    const failures: string[] = [];
    let runs = 0;
    const runner = createKeyedRunner(
      async () => {
        runs += 1;
        throw new Error('no');
      },
      (key) => failures.push(key),
    );
    runner.run('a');
    await runner.idle();
    runner.run('a');
    await runner.idle();
    expect({ runs, failures }).toEqual({ runs: 2, failures: ['a', 'a'] });
  });
});

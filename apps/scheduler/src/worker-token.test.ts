import { describe, expect, it } from 'vitest';
import { makeWorkerToken, verifyWorkerToken } from './worker-token.ts';

const claims = { kind: 'train', jobId: 'ftjob-abc234', attempt: 2, epoch: 5 } as const;

describe('worker tokens', () => {
  it('say whose they are, and are the same every time they are made', () => {
    const token = makeWorkerToken(claims, 'secret');
    expect(makeWorkerToken(claims, 'secret')).toBe(token);
    expect(verifyWorkerToken(token, 'secret')).toEqual(claims);
  });

  it('are refused with another secret, another claim or another form', () => {
    const token = makeWorkerToken(claims, 'secret');
    expect(verifyWorkerToken(token, 'other')).toBeNull();
    expect(verifyWorkerToken(token.replace('.5.', '.6.'), 'secret')).toBeNull();
    expect(verifyWorkerToken(token.replace('train', 'serve'), 'secret')).toBeNull();
    expect(verifyWorkerToken(`${token}A`, 'secret')).toBeNull();
    expect(verifyWorkerToken('', 'secret')).toBeNull();
  });
});

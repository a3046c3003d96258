import { afterEach, expect, it } from 'vitest';
import { RANK_LEFT } from './server/gang.ts';
import { closeAll, connect, identity, startServer } from './test-fixtures.ts';

afterEach(closeAll);

const idle = async ({ closed }: { closed: Promise<void> }) => closed;

async function startGang(worldSize: number) {
  const { port } = await startServer(idle);
  return Array.from({ length: worldSize }, (_, rank) => connect(port, { identity: { ...identity, rank } }).joinGang(worldSize));
}

it('three ranks get the same sum, round after round, also of vectors larger than a message', async () => {
  const members = await startGang(3);
  const length = 1_500_001;
  for (const round of [1, 2]) {
    const sums = await Promise.all(members.map((member, rank) => member.sum(new Float32Array(length).fill((rank + 1) * round))));
    for (const sum of sums) {
      expect(sum).toHaveLength(length);
      expect([sum[0], sum[length - 1]]).toEqual([6 * round, 6 * round]);
    }
  }
});

it('a rank that leaves ends the round of the others, which say who left', async () => {
  const [first, second] = await startGang(2);
  await Promise.all([first?.sum(Float32Array.of(1)), second?.sum(Float32Array.of(2))]);
  const waiting = first?.sum(Float32Array.of(1));
  second?.leave();
  await expect(waiting).rejects.toMatchObject({ message: 'Rank 1 has left.', reason: RANK_LEFT });
});

it('a server that shuts down ends the round, and no rank is said to have left', async () => {
  const { port, close } = await startServer(idle);
  const [first, second] = [0, 1].map((rank) => connect(port, { identity: { ...identity, rank } }).joinGang(2));
  await Promise.all([first?.sum(Float32Array.of(1)), second?.sum(Float32Array.of(2))]);
  const ended = first?.sum(Float32Array.of(1)).catch((error: unknown) => error);
  await close();
  expect(await ended).toMatchObject({ code: 'unavailable', reason: undefined });
});

it('vectors of different lengths, and a rank outside the gang, are refused', async () => {
  const [first, second] = await startGang(2);
  const results = await Promise.allSettled([first?.sum(Float32Array.of(1)), second?.sum(Float32Array.of(1, 2))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const { port } = await startServer(idle);
  const stranger = connect(port, { identity: { ...identity, rank: 5 } }).joinGang(2);
  await expect(stranger.sum(Float32Array.of(1))).rejects.toThrow('Rank 5 of 2');
});

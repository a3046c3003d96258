import { InvalidRequestError, UnavailableError } from '@capstan/core';

/** Tells a rank that left from a scheduler that went away: only the first is the fault of the job. */
export const RANK_LEFT = 'rank_left';

export interface GangMember {
  rank: number;
  /** Called with the sum of a round. */
  deliver: (sum: Float32Array) => void;
  /** Called once, when the gang has broken up. */
  dismiss: (error: unknown) => void;
}

/**
 * The ranks of one attempt that sum vectors together, round by round. A round is complete when each rank has given its vector; the
 * sum is taken in the order of ranks, so it is the same whoever came first. One that leaves breaks the gang up.
 */
export class Gang {
  readonly #worldSize: number;
  readonly #members = new Map<number, GangMember>();
  readonly #vectors = new Map<number, Float32Array>();

  constructor(worldSize: number) {
    this.#worldSize = worldSize;
  }

  join(member: GangMember, worldSize: number): void {
    if (worldSize !== this.#worldSize || member.rank < 0 || member.rank >= worldSize)
      throw new InvalidRequestError(`Rank ${member.rank} of ${worldSize} does not belong to a gang of ${this.#worldSize}.`);
    if (this.#members.has(member.rank)) throw new InvalidRequestError(`Rank ${member.rank} has joined already.`);
    this.#members.set(member.rank, member);
  }

  /** Takes a rank's vector of this round. */
  give(rank: number, vector: Float32Array): void {
    if (this.#vectors.has(rank)) throw new InvalidRequestError(`Rank ${rank} has given its vector of this round already.`);
    const length = this.#vectors.values().next().value?.length ?? vector.length;
    if (vector.length !== length) throw new InvalidRequestError(`Rank ${rank} gave ${vector.length} values where others gave ${length}.`);
    this.#vectors.set(rank, vector);
    if (this.#vectors.size < this.#worldSize) return;
    const sum = this.#sum(length);
    this.#vectors.clear();
    for (const { deliver } of this.#members.values()) deliver(sum);
  }

  /** Breaks the gang up: every other member is dismissed. */
  leave(rank: number): void {
    this.#members.delete(rank);
    const others = [...this.#members.values()];
    this.#members.clear();
    this.#vectors.clear();
    for (const { dismiss } of others) dismiss(new UnavailableError(`Rank ${rank} has left.`, { reason: RANK_LEFT }));
  }

  #sum(length: number): Float32Array {
    const sum = new Float32Array(length);
    for (let rank = 0; rank < this.#worldSize; rank += 1) {
      const vector = this.#vectors.get(rank) ?? new Float32Array(length);
      for (let index = 0; index < length; index += 1) sum[index] = (sum[index] ?? 0) + (vector[index] ?? 0);
    }
    return sum;
  }
}

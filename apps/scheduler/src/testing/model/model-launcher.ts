import { type Clock, ConflictError, isFinished, UnavailableError } from '@capstan/core';
import type { Launcher, LaunchSpec, RankObservation } from '@capstan/launcher';

/** A rank as a machine holds it: what can be seen of it, and what it does next is the test's affair. */
export interface ModelRank extends RankObservation {
  /** Somebody asked the launcher to end it. */
  isAskedToStop: boolean;
}

/** The launcher's contract in memory: ranks that begin, exit, are killed or vanish as the test wishes. */
export class ModelLauncher implements Launcher {
  readonly #clock: Clock;
  readonly #launches = new Map<string, ModelRank[]>();
  readonly #started = new Set<ModelRank>();
  /** How often ranks were made under a name, those aside that vanished or were removed: more than once is a double launch. */
  readonly made = new Map<string, number>();
  /** The next launches are refused. */
  refusals = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async launch(spec: LaunchSpec): Promise<void> {
    if (this.refusals > 0) {
      this.refusals -= 1;
      throw new UnavailableError('The machine is full.');
    }
    if (this.#launches.has(spec.name)) return;
    this.made.set(spec.name, (this.made.get(spec.name) ?? 0) + 1);
    this.#launches.set(
      spec.name,
      Array.from({ length: spec.worldSize }, (_, rank) => begin(spec, rank)),
    );
  }

  async list(): Promise<RankObservation[]> {
    return this.ranks().map((rank) => ({ ...rank }));
  }

  async stop(name: string, { graceMs }: { graceMs: number }): Promise<void> {
    for (const rank of this.#launches.get(name) ?? []) {
      rank.isAskedToStop = true;
      if (graceMs === 0) this.end(rank, 137);
    }
  }

  async remove(name: string): Promise<void> {
    const ranks = this.#launches.get(name) ?? [];
    if (!ranks.every(isFinished)) throw new ConflictError(`${name} still runs.`);
    this.#launches.delete(name);
    this.made.delete(name);
  }

  // biome-ignore lint/correctness/useYield: this world is looked at by listing alone
  async *watch(): AsyncGenerator<RankObservation> {
    return;
  }

  async readLog(): Promise<string> {
    return '';
  }

  ranks(): ModelRank[] {
    return [...this.#launches.values()].flat();
  }

  /** Those, too, that have ended or vanished: they may have spoken before, and be heard late. */
  everStarted(): ModelRank[] {
    return [...this.#started];
  }

  start(rank: ModelRank): void {
    if (rank.phase !== 'pending') return;
    Object.assign(rank, { phase: 'running', startedAt: this.#clock.now() });
    this.#started.add(rank);
  }

  end(rank: ModelRank, exitCode: number): void {
    if (isFinished(rank)) return;
    Object.assign(rank, { phase: exitCode === 0 ? 'succeeded' : 'failed', exitCode, finishedAt: this.#clock.now() });
  }

  /** As when a machine is lost, and all that it knew with it. */
  vanish({ name }: ModelRank): void {
    if (this.#launches.delete(name)) this.made.set(name, (this.made.get(name) ?? 0) - 1);
  }
}

function begin({ name, kind, jobId, attempt, epoch }: LaunchSpec, rank: number): ModelRank {
  const identity = { name, kind, jobId, attempt, epoch, rank };
  const seen = {
    phase: 'pending',
    reason: null,
    message: null,
    exitCode: null,
    placedAt: null,
    startedAt: null,
    finishedAt: null,
    node: null,
  } as const;
  return { ...identity, ...seen, logTail: [], isAskedToStop: false };
}

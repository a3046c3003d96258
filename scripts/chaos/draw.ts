import { createRandom } from '../fuzz/random.ts';

/**
 * What a round strikes. A supervisor guards a worker. An emptied Redis loses its data with its life. A frozen worker stands still as on a
 * suspended machine and wakes too late: when its attempt has been given up, or when the next one runs.
 */
export const VICTIMS = [
  'api',
  'scheduler',
  'worker',
  'supervisor',
  'frozen until given up',
  'frozen until replaced',
  'redis',
  'emptied redis',
  'postgres',
] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Round {
  victim: Victim;
  /** From the end of the round before. */
  afterMs: number;
  /** Chooses among the workers that live then. */
  pick: number;
}

/** What a user does to a job beside creating it. */
export type Fate = 'run' | 'cancel' | 'pause';

export interface Order {
  recipe: number;
  fate: Fate;
  /** From its creation to the cancel or the pause, and from there to the resume. */
  afterMs: number;
  /** The same creation is sent once more, as a client does that lost the answer. */
  isRepeated: boolean;
}

/** Numbers of the streams of chance, far enough apart that none meets another. */
const STREAMS = { decks: 1_000_000, rounds: 2_000_000, orders: 3_000_000 };
const LONGEST_CALM_MS = 2_500;
const LONGEST_WISH_MS = 6_000;

/** Round number `round` of `seed`. Victims come in shuffled decks, so that each is struck before any is struck twice as often. */
export function drawRound(seed: number, round: number, victims: readonly Victim[]): Round {
  const deck = shuffle(victims, seed, STREAMS.decks + Math.floor(round / victims.length));
  const random = createRandom(seed, STREAMS.rounds + round);
  const victim = deck[round % deck.length] as Victim;
  return { victim, afterMs: random.below(LONGEST_CALM_MS), pick: random.below(1_000_000) };
}

/** Order number `index` of `seed`. */
export function drawOrder(seed: number, index: number, recipes: number): Order {
  const random = createRandom(seed, STREAMS.orders + index);
  const fate = random.pick<Fate>(['run', 'run', 'run', 'cancel', 'pause']);
  return { recipe: random.below(recipes), fate, afterMs: 500 + random.below(LONGEST_WISH_MS), isRepeated: random.chance(0.3) };
}

function shuffle<Item>(items: readonly Item[], seed: number, stream: number): Item[] {
  const random = createRandom(seed, stream);
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as Item);
}

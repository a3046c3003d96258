import fc from 'fast-check';

/** Where the scheduler that has taken an entry dies, or only stands still for a while. */
const DEATHS = ['nowhere', 'nowhere', 'nowhere', 'before the launch', 'after the launch', 'stalls'] as const;
const WORDS = ['step', 'step', 'step', 'ready', 'succeeded', 'stopped', 'diverged', 'out of memory'] as const;
const DEEDS = ['start', 'start', 'start', 'crash', 'crash', 'exit', 'vanish'] as const;
const WISHES = ['pauseRequested', 'resumeRequested', 'cancelRequested'] as const;
const FAULTS = ['twice', 'twice', 'lose', 'empty', 'locks expire', 'refuse launches'] as const;
const SWEEPS = ['missing', 'stray', 'reservations', 'ranks'] as const;

export type Death = (typeof DEATHS)[number];
export type Word = (typeof WORDS)[number];
export type Deed = (typeof DEEDS)[number];
export type Wish = (typeof WISHES)[number];
export type Fault = (typeof FAULTS)[number];
export type SweepKind = (typeof SWEEPS)[number];

const pick = fc.nat(1_000);
const scheduler = fc.nat(1);
const stalls = fc.constantFrom(false, false, true);

/** One thing that happens; `pick` chooses among what is there by then. */
const anyStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('submit'), workers: fc.integer({ min: 1, max: 2 }), isEnqueued: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('dispatch'), scheduler, diesAt: fc.constantFrom(...DEATHS) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('deed'), deed: fc.constantFrom(...DEEDS), pick }) },
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant('say'),
      scheduler,
      word: fc.constantFrom(...WORDS),
      pick,
      losesAnswers: fc.boolean(),
      stalls,
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wish'), wish: fc.constantFrom(...WISHES), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('fault'), fault: fc.constantFrom(...FAULTS), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('look'), scheduler }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('reconcile'), scheduler, pick }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('decide'), scheduler, pick }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('go on'), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('overtake'), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reconcileAll'), scheduler }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('sweep'), scheduler, sweep: fc.constantFrom(...SWEEPS) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('pass'), seconds: fc.constantFrom(1, 2, 4, 11, 31) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash'), scheduler }) },
);
export type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** Steps one after the other; of some, two at the very same moment. */
export const anyHistory = fc.array(fc.array(anyStep, { minLength: 1, maxLength: 2 }), { minLength: 30, maxLength: 90, size: 'max' });

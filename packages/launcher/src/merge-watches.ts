import type { Launcher, RankObservation } from './launcher.ts';

interface Source {
  watch: Launcher['watch'];
  note: (observation: RankObservation) => RankObservation;
}

/** What all sources show, as it comes. Ends with the signal; the first source that fails, or ends by itself, ends the others too. */
export async function* mergeWatches(sources: Source[], { signal }: { signal: AbortSignal }): AsyncIterable<RankObservation> {
  const ending = new AbortController();
  const until = AbortSignal.any([signal, ending.signal]);
  const waiting: RankObservation[] = [];
  let failure: { cause: unknown } | null = null;
  let wake = () => {};

  async function follow({ watch, note }: Source): Promise<void> {
    try {
      for await (const observation of watch({ signal: until })) {
        waiting.push(note(observation));
        wake();
      }
    } catch (cause) {
      failure ??= { cause };
    } finally {
      ending.abort();
      wake();
    }
  }

  const followers = sources.map(follow);
  try {
    while (!until.aborted || waiting.length > 0) {
      yield* waiting.splice(0);
      if (waiting.length === 0 && !until.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    ending.abort();
    await Promise.all(followers);
  }
  if (failure !== null) throw (failure as { cause: unknown }).cause;
}

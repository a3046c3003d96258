import { isFinished } from '@capstan/core';
import type { RankObservation } from '../launcher.ts';
import type { ClusterView } from './cluster-view.ts';
import { observeLaunch } from './observe-launch.ts';

/** Every rank as it is, then each as it changes: its phase, its verdict, or what it waits for. Ends with the signal. */
export async function* watchLaunches(view: ClusterView, { signal }: { signal: AbortSignal }): AsyncIterable<RankObservation> {
  const seen = new Map<string, Map<number, string>>();
  const changed = new Set<string>();
  let wake = () => {};
  const forgetListener = view.onChange((name) => {
    changed.add(name);
    wake();
  });
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  try {
    await view.synced({ signal });
    for (const name of view.names()) changed.add(name);
    while (!signal.aborted) {
      const names = [...changed];
      changed.clear();
      for (const name of names) yield* noteChanges(name, view, seen);
      if (changed.size === 0 && !signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    forgetListener();
    signal.removeEventListener('abort', onAbort);
  }
}

function* noteChanges(name: string, view: ClusterView, seen: Map<string, Map<number, string>>): Iterable<RankObservation> {
  const ranks = observeLaunch(view.launch(name));
  const before = seen.get(name);
  if (ranks.length === 0) seen.delete(name);
  else seen.set(name, new Map(ranks.map((observation) => [observation.rank, stateOf(observation)])));
  for (const observation of ranks) if (before?.get(observation.rank) !== stateOf(observation)) yield observation;
}

/** How a rank ended is told once, though its Job may have more to say about it later. */
function stateOf({ phase, reason, exitCode, message }: RankObservation): string {
  return isFinished({ phase }) ? `${phase} ${reason} ${exitCode}` : `${phase} ${message}`;
}

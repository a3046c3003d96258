export interface StopMatcher {
  /** Takes more text; returns what may be shown. `stopped` says that a stop string was found: nothing after it is shown. */
  push(text: string): { text: string; stopped: boolean };
  /** What was held back because a stop string might have begun there. */
  flush(): string;
}

/** Cuts a streamed text before the first of the stop strings, wherever their characters fall among the pieces. */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  const wanted = stops.filter((stop) => stop !== '');
  let held = '';
  return {
    push(text) {
      held += text;
      const ends = wanted.map((stop) => held.indexOf(stop)).filter((index) => index >= 0);
      if (ends.length > 0) {
        const shown = held.slice(0, Math.min(...ends));
        held = '';
        return { text: shown, stopped: true };
      }
      const safe = held.length - longestBeginning(held, wanted);
      const shown = held.slice(0, safe);
      held = held.slice(safe);
      return { text: shown, stopped: false };
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** How many of the last characters could be the beginning of a stop string. */
function longestBeginning(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map(({ length }) => length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length -= 1) {
    const ending = text.slice(-length);
    if (stops.some((stop) => stop.startsWith(ending))) return length;
  }
  return 0;
}

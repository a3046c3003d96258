/** OpenAI's instants: whole seconds. */
export function unixTime(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}

export function unixTimeOrNull(at: Date | null): number | null {
  return at && unixTime(at);
}

/** Milliseconds as seconds with three decimals at most. */
export function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

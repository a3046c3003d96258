export interface Progress {
  isDone: boolean;
  /** In words; that they change is what tells movement from standstill. */
  state: string;
}

const POLL_MS = 500;
const TOLD_EVERY_MS = 15_000;
/** What has not moved for so long will not move again. */
const STUCK_MS = 300_000;

/**
 * Looks until it is done, says every 15 seconds how far it is, and gives up on what does not move any more. A look that fails, because whoever is
 * asked is too busy, is repeated.
 */
export async function untilDone(what: string, look: () => Promise<Progress> | Progress): Promise<void> {
  let [seen, movedAt, toldAt] = ['', performance.now(), performance.now()];
  for (;;) {
    const { isDone, state } = await tryTo(look);
    if (isDone) return;
    const now = performance.now();
    if (state !== seen) [seen, movedAt] = [state, now];
    if (now - movedAt > STUCK_MS) throw new Error(`${what}: nothing moves any more: ${state}`);
    if (now - toldAt > TOLD_EVERY_MS) {
      console.log(`  ${what}: ${state}`);
      toldAt = now;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function tryTo(look: () => Promise<Progress> | Progress): Promise<Progress> {
  try {
    return await look();
  } catch (error) {
    return { isDone: false, state: error instanceof Error ? error.message : String(error) };
  }
}

import { setImmediate } from 'node:timers/promises';

/** Lets heartbeats and cancellation through: tensor work itself never leaves the event loop. */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}

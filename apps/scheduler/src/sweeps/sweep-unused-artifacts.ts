import type { SchedulerContext } from '../scheduler-context.ts';

/** Blobs looked at, and rows changed, per turn. */
const PAGE = 200;

type Blob = { sha256: string; modifiedAt: Date };

/**
 * Deletes blobs that nothing refers to: of deleted files, pruned checkpoints, models that are gone, uploads and attempts that died before
 * their row was written. Each turn takes the next page of the store.
 *
 * Why no blob is lost that somebody is about to name. Whoever names a blob puts it first and writes the row afterwards, within the grace. A
 * blob that was put less than the grace ago is left alone; one that is put again becomes new, even if it lay there for a year. So let X be
 * old, unused, and put again just now:
 * - before our look at the rows: its row may be missing, but `deleteIfOlder` finds X new and leaves it;
 * - after the look, before the deletion: the same;
 * - after the deletion: the put has written the whole of X again.
 * What is named without being put stays, because it is named: a base's files by the base, a rank's by its living job, however long the
 * scheduler was away. A file that was deleted counts as named for the grace too: another API may still remember it.
 */
export function createUnusedArtifactsSweep({ db, artifacts, clock, logger, metrics, settings }: SchedulerContext): () => Promise<void> {
  let listing: AsyncIterator<Blob> | null = null;
  let restUntil = 0;

  /** The next blobs that are old enough; null after the last. */
  async function nextPage(oldest: Date): Promise<string[] | null> {
    listing ??= artifacts.list()[Symbol.asyncIterator]();
    const page: string[] = [];
    for (let seen = 0; seen < PAGE; seen += 1) {
      const next = await listing.next();
      if (next.done) {
        listing = null;
        return page.length === 0 ? null : page;
      }
      if (next.value.modifiedAt < oldest) page.push(next.value.sha256);
    }
    return page;
  }

  async function deleteUnused(hashes: string[], oldest: Date): Promise<void> {
    const unused = hashes.length === 0 ? [] : await db.artifacts.listUnused(hashes, oldest);
    let deleted = 0;
    for (const sha256 of unused) if (await artifacts.deleteIfOlder(sha256, oldest)) deleted += 1;
    if (deleted === 0) return;
    metrics.removals.inc({ kind: 'artifact' }, deleted);
    logger.info({ deleted }, 'artifacts that nothing refers to were deleted');
  }

  return async () => {
    const now = clock.now().getTime();
    if (now < restUntil) return;
    const oldest = new Date(now - settings.artifactGraceMs);
    const page = await nextPage(oldest);
    if (page !== null) await deleteUnused(page, oldest);
    if (listing !== null) return;
    const released = await db.artifacts.releaseOfEndedJobs({ endedBefore: oldest, limit: PAGE });
    metrics.removals.inc({ kind: 'checkpoint_state' }, released);
    metrics.removals.inc({ kind: 'unfinished_write' }, await artifacts.sweepTemp(oldest));
    restUntil = now + settings.artifactPassPauseMs;
  };
}

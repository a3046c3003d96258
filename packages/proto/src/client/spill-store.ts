/**
 * Where records wait that memory has no room for: first in, first out. Both calls are synchronous, because a report is taken at once or
 * not at all. What it holds matters to this process only, and is gone with it.
 */
export interface SpillStore {
  /** Keeps the record behind all others. Throws where it cannot, and then holds what it held before. */
  append(record: Uint8Array): void;
  /** Takes records out from the front: as many as fit into `maxBytes` and no more than `maxRecords`, at least one where there is any. */
  take(limits: { maxBytes: number; maxRecords: number }): Uint8Array[];
}

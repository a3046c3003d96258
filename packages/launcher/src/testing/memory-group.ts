import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface MemoryGroup {
  /** The ids of processes are written into this file, one at a time, to bring them under the limit. */
  processes: string;
  remove(): void;
}

/** A control group of 200 MiB; null where none can be made (no root, no cgroup, or v2 whose memory controller is not ours to give). */
export function makeMemoryGroup(): MemoryGroup | null {
  const v1 = existsSync('/sys/fs/cgroup/memory');
  const directory = path.join(v1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup', `capstan-test-${process.pid}`);
  try {
    mkdirSync(directory);
  } catch {
    return null;
  }
  const remove = () => rmdirSync(directory);
  try {
    writeFileSync(path.join(directory, v1 ? 'memory.limit_in_bytes' : 'memory.max'), String(200 * 1024 * 1024));
    return { processes: path.join(directory, 'cgroup.procs'), remove };
  } catch {
    remove();
    return null;
  }
}

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A program that builds images. */
export interface Builder {
  name: 'buildah' | 'docker';
  build(image: BuildRequest): void;
  /** Writes the image as an archive that `ctr`, `docker load` and `kind load image-archive` read. */
  save(tag: string, archive: string): void;
}

export interface BuildRequest {
  tag: string;
  dockerfile: string;
  context: string;
  arguments: Record<string, string>;
}

/** Buildah where it is installed, which needs root and no daemon, else docker; null where there is neither. */
export function findBuilder(storage: string): Builder | null {
  if (isInstalled('buildah')) return buildah(storage);
  return isInstalled('docker') ? docker() : null;
}

export function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function docker(): Builder {
  return {
    name: 'docker',
    build: (request) => run('docker', ['build', ...buildArguments(request)]),
    save: (tag, archive) => run('docker', ['save', '--output', archive, tag]),
  };
}

/** With storage of its own, which can be deleted as a folder, and without namespaces, which a container may not make. */
function buildah(storage: string): Builder {
  const base = ['--storage-driver', 'vfs', '--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
  return {
    name: 'buildah',
    build: (request) => run('buildah', [...base, 'bud', '--isolation', 'chroot', '--layers', ...buildArguments(request)]),
    save: (tag, archive) => run('buildah', [...base, 'push', '--quiet', tag, `docker-archive:${archive}:${tag}`]),
  };
}

function buildArguments({ tag, dockerfile, context, arguments: given }: BuildRequest): string[] {
  const pairs = Object.entries(given).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return ['--file', dockerfile, '--tag', tag, ...pairs, context];
}

/** Says nothing where all is well; an error carries the last words of the program. */
function run(program: string, args: string[]): void {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 256 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: Buffer; stderr?: Buffer };
    const words = `${stdout}${stderr}`.trim().split('\n').slice(-20).join('\n');
    throw new Error(`${program} ${args.join(' ')} failed:\n${words}`, { cause: error });
  }
}

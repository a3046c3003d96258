import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { appFiles, type ImageFiles, neededPackages, repositoryFiles, repositoryRoot } from './app-files.ts';

export const IMAGES = ['control', 'worker-cpu', 'worker-gpu', 'stores'] as const;
export type ImageName = (typeof IMAGES)[number];

/** What k8s/images/NAME.Dockerfile copies. `packages` changes seldom and is a layer of its own. */
const CONTEXTS: Record<ImageName, () => ImageFiles> = {
  control: () => ({
    ...neededPackages('packages', ['api', 'scheduler'], ['swagger-ui-dist']),
    ...appFiles('app', ['api', 'scheduler']),
    ...repositoryFiles('app', ['apps/dashboard/dist', 'prisma/migrations', 'examples/t5-nano', 'LICENSE']),
  }),
  'worker-cpu': workerContext,
  'worker-gpu': () => ({ ...workerContext(), ...repositoryFiles('app', ['scripts/tensorflow-build.mjs']) }),
  stores: () => ({ 'start-postgres.sh': join(repositoryRoot, 'k8s/images/start-postgres.sh') }),
};

function workerContext(): ImageFiles {
  return {
    ...neededPackages('packages', ['worker']),
    ...appFiles('app', ['worker']),
    ...repositoryFiles('app', ['LICENSE']),
  };
}

/** Where the image lies once it is built. */
export function archiveOf(folder: string, name: ImageName): string {
  return join(folder, `${name}.tar`);
}

/** What no program reads at run time: two thirds of what npm installs. */
const UNREAD =
  /(?:\.(?:map|md|markdown|d\.[cm]?ts|flow)|_test\.js)$|[/]@types[/]|query_compiler_\w+\.(?:cockroachdb|mysql|sqlite|sqlserver)\./;

/** Puts together what the build of an image copies, in `folder`, anew each time. */
export function stageContext(name: ImageName, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [place, source] of Object.entries(CONTEXTS[name]())) {
    const target = join(folder, place);
    if (!existsSync(target)) cpSync(source, target, { recursive: true, dereference: true, filter: (path) => !UNREAD.test(path) });
  }
}

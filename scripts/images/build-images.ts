import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './app-files.ts';
import { findBuilder, isInstalled } from './builder.ts';
import { archiveOf, type ImageName, stageContext } from './contexts.ts';
import { makeDebianBases, makeNodeBuildBase } from './debian-bases.ts';

export interface BuildOptions {
  images: ImageName[];
  version: string;
  /** Layers, contexts and archives are kept here; deleting it costs time only. */
  folder: string;
  /** Replace the Dockerfiles' own, e.g. NODE_IMAGE. */
  arguments: Record<string, string>;
  announce: (text: string) => void;
}

/** Builds images from the bundles of `npm run build` and saves each as an archive; layers that did not change are taken as they are. */
export function buildImages({ images, version, folder, arguments: given, announce }: BuildOptions): void {
  const builder = findBuilder(join(folder, 'storage'));
  if (builder === null)
    throw new Error('Images are built by docker or by buildah, and neither is installed (Debian: apt-get install buildah).');
  mkdirSync(folder, { recursive: true });
  const isOwnBase = builder.name === 'buildah' && given.NODE_IMAGE === undefined && isInstalled('debootstrap');
  if (isOwnBase) announce("Base images are made from Debian's packages.");
  const bases = isOwnBase ? makeDebianBases(builder, folder) : {};
  for (const name of images) {
    const tag = `localhost/capstan-${name}:${version}`;
    const archive = archiveOf(folder, name);
    const context = join(folder, 'contexts', name);
    stageContext(name, context);
    const dockerfile = join(repositoryRoot, 'k8s/images', `${name}.Dockerfile`);
    const compiling = isOwnBase && name === 'worker-gpu' ? makeNodeBuildBase(builder, folder) : {};
    builder.build({ tag, dockerfile, context, arguments: { ...bases, ...compiling, ...given } });
    rmSync(archive, { force: true });
    builder.save(tag, archive);
    announce(`${tag} is in ${archive}`);
  }
}

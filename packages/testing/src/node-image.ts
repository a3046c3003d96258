import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a directory of this machine is to lie in the image. */
export type ImageFiles = Record<string, string>;

/**
 * An image archive with nothing in it but this machine's Node, the libraries that it is linked with, and `files`: made in seconds, without
 * a registry, a daemon or a base image. Answers its path.
 */
export function buildNodeImage(directory: string, name: string, files: ImageFiles = {}): string {
  const work = mkdtempSync(join(directory, 'image-'));
  const root = join(work, 'root');
  for (const folder of ['tmp', 'etc', 'var/run']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'worker:x:65532:65532::/tmp:/none\n');
  place(realpathSync(process.execPath), join(root, 'usr/local/bin/node'));
  for (const library of librariesOf(process.execPath)) place(realpathSync(library), join(root, library));
  for (const [target, source] of Object.entries(files)) cpSync(source, join(root, target), { recursive: true, dereference: true });

  const layer = join(work, 'layer.tar');
  pack(layer, root, ['.']);
  const sha256 = createHash('sha256').update(readFileSync(layer)).digest('hex');
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ['PATH=/usr/local/bin', 'HOME=/tmp'], User: '65532:65532', WorkingDir: '/tmp' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256}`] },
    history: [{ created_by: 'files of the machine' }],
  };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  writeFileSync(join(work, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]));
  const archive = join(directory, `${createHash('sha256').update(name).digest('hex').slice(0, 12)}.tar`);
  pack(archive, work, ['config.json', 'layer.tar', 'manifest.json']);
  rmSync(work, { recursive: true, force: true });
  return archive;
}

function place(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
}

/** As the dynamic linker finds them, the linker itself among them. */
function librariesOf(program: string): string[] {
  const listing = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listing.matchAll(/(\/\S+) \(0x/g)].map(([, library]) => library ?? '');
}

function pack(archive: string, directory: string, entries: string[]): void {
  execFileSync('tar', ['--create', '--file', archive, '--directory', directory, '--owner=0', '--group=0', '--numeric-owner', ...entries]);
}

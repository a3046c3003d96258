import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Builder } from './builder.ts';

const SUITE = 'bookworm';
const DEBIAN = `localhost/capstan-debian:${SUITE}`;
const NODE = 'localhost/capstan-node:20';
/** Laid out as Node's own image, with what compiles addons: npm and Node's headers. */
const NODE_BUILD = 'localhost/capstan-node-build:20';
const NPM = '../lib/node_modules/npm/bin/npm-cli.js';
/** What an image has no use for. */
const LEFT_OUT = ['dev', 'proc', 'sys', 'var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];

/** Base images from Debian's own packages and this machine's Node, for where no registry is reached. They stay in `folder` for the next time. */
export function makeDebianBases(builder: Builder, folder: string): { DEBIAN_IMAGE: string; NODE_IMAGE: string } {
  const debian = join(folder, 'debian');
  const archive = join(debian, 'root.tar');
  if (!existsSync(archive)) packDebian(debian, archive);
  build(builder, { tag: DEBIAN, context: debian, dockerfile: 'FROM scratch\nADD root.tar /\nCMD ["sh"]\n' });
  const node = join(folder, 'node');
  mkdirSync(node, { recursive: true });
  copyFileSync(realpathSync(process.execPath), join(node, 'node'));
  build(builder, { tag: NODE, context: node, dockerfile: `FROM ${DEBIAN}\nCOPY node /usr/local/bin/node\n` });
  return { DEBIAN_IMAGE: DEBIAN, NODE_IMAGE: NODE };
}

/** In place of NODE_IMAGE, for an image in which an addon is compiled and from which only the program itself is taken on. */
export function makeNodeBuildBase(builder: Builder, folder: string): { NODE_IMAGE: string } {
  const context = join(folder, 'node-build');
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  rmSync(context, { recursive: true, force: true });
  for (const part of ['include/node', 'lib/node_modules/npm']) cpSync(join(prefix, part), join(context, part), { recursive: true });
  const dockerfile = `FROM ${NODE}\nCOPY include /usr/local/include\nCOPY lib /usr/local/lib\nRUN ln -s ${NPM} /usr/local/bin/npm\n`;
  build(builder, { tag: NODE_BUILD, context, dockerfile });
  return { NODE_IMAGE: NODE_BUILD };
}

function packDebian(folder: string, archive: string): void {
  const root = join(folder, 'root');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(root, 'etc/debian_version'))) run('debootstrap', ['--variant=minbase', SUITE, root]);
  const excluded = LEFT_OUT.map((path) => `--exclude=./${path}/*`);
  run('tar', ['--create', '--file', archive, '--numeric-owner', ...excluded, '--directory', root, '.']);
}

function run(program: string, args: string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

function build(builder: Builder, { tag, context, dockerfile }: { tag: string; context: string; dockerfile: string }): void {
  const file = join(context, 'Dockerfile');
  writeFileSync(file, dockerfile);
  builder.build({ tag, context, dockerfile: file, arguments: {} });
}

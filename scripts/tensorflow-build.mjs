/**
 * Builds TensorFlow.js' native backend from an installed TensorFlow wheel (CPU or CUDA), checks it and links it where workers look:
 *
 *   npm run tensorflow:build [-- PYTHON]
 *
 * The package itself wants a libtensorflow of 2021 and downloads it. Everything lies in .tensorflow/; run it again after `npm ci`, which
 * removes the link. Python is needed only to find the wheel.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const VERSION = '4.22.0';
const home = join(root, '.tensorflow');
const addon = join(home, 'node_modules', '@tensorflow', 'tfjs-node');
const pythons = [process.argv[2], 'python3'].filter((name) => name !== undefined);

const wheel = findWheel();
if (wheel === null) {
  console.error(
    `No TensorFlow wheel was found by ${pythons.join(', ')}. Install one (pip install tensorflow-cpu) or name its interpreter.`,
  );
  process.exit(1);
}
console.log(`TensorFlow ${wheel.version} in ${wheel.folder}`);
install();
linkLibraries();
compile();
check();
linkAddon();
console.log('The backend computes correctly; workers take it from now on.');

/** The wheel's folder and version, without importing it. */
function findWheel() {
  const script = [
    'import importlib.util, importlib.metadata as m',
    's = importlib.util.find_spec("tensorflow")',
    'v = next(v for v in map(lambda n: next((d.version for d in m.distributions(name=n)), None), ["tensorflow", "tensorflow-cpu"]) if v)',
    'print(s.submodule_search_locations[0]); print(v)',
  ].join('\n');
  for (const python of pythons) {
    try {
      const [folder, version] = execFileSync(python, ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
        .trim()
        .split('\n');
      if (existsSync(join(folder, 'libtensorflow_cc.so.2'))) return { folder, version };
    } catch {
      // The next interpreter may have it.
    }
  }
  return null;
}

/** The package without its install script, which would download. */
function install() {
  if (existsSync(addon)) return;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@tensorflow/tfjs-node@${VERSION}`]);
}

/** Under the names that the package's build and loader ask for. */
function linkLibraries() {
  const deps = join(addon, 'deps');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, 'lib'), { recursive: true });
  symlinkSync(join(wheel.folder, 'include'), join(deps, 'include'));
  const targets = {
    'libtensorflow_cc.so.2': ['libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow.so.2.9.1', 'libtensorflow_cc.so.2'],
    'libtensorflow_framework.so.2': ['libtensorflow_framework.so', 'libtensorflow_framework.so.2'],
  };
  for (const [library, names] of Object.entries(targets)) {
    for (const name of names) symlinkSync(join(wheel.folder, library), join(deps, 'lib', name));
  }
}

/** With Node's own headers where they are installed beside it; else node-gyp fetches them. */
function compile() {
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {};
  run('npm', ['rebuild', '--foreground-scripts', '@tensorflow/tfjs-node'], { ...headers, npm_config_build_from_source: 'true' });
}

/** A product and its shape on the new backend, in a process of its own: a bad library ends only that. */
function check() {
  const script = `
    const util = require('node:util');
    util.isNullOrUndefined ??= (value) => value === null || value === undefined;
    const tf = require('@tensorflow/tfjs-node');
    const product = tf.matMul(tf.ones([64, 32]), tf.ones([16, 32]), false, true);
    if (tf.getBackend() !== 'tensorflow' || product.dataSync().some((value) => value !== 32)) process.exit(1);`;
  execFileSync(process.execPath, ['-e', script], { cwd: home, stdio: ['ignore', 'inherit', 'inherit'] });
}

function linkAddon() {
  const place = join(root, 'node_modules', '@tensorflow', 'tfjs-node');
  rmSync(place, { recursive: true, force: true });
  symlinkSync(addon, place);
  console.log(`Linked ${place}`);
}

function run(command, args, env = {}) {
  execFileSync(command, args, { cwd: home, stdio: 'inherit', env: { ...process.env, ...env } });
}

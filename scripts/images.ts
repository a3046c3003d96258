// `npm run images`: builds the images of k8s/images by docker or buildah and saves them as archives.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from './images/app-files.ts';
import { buildImages } from './images/build-images.ts';
import { IMAGES } from './images/contexts.ts';

const USAGE = `usage: npm run images -- [--only NAME]… [--version VERSION] [--folder FOLDER] [--build-arg NAME=VALUE]…
Images: ${IMAGES.join(', ')}. worker-gpu is built where it is named: it needs the network and its base the CUDA libraries.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    version: { type: 'string', default: 'dev' },
    folder: { type: 'string', default: join(repositoryRoot, '.capstan/images') },
    'build-arg': { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});
const say = (text: string) => void process.stdout.write(`${text}\n`);
const names = values.only ?? IMAGES.filter((name) => name !== 'worker-gpu');
const images = IMAGES.filter((name) => names.includes(name));
if (values.help || images.length < names.length) {
  say(USAGE);
  process.exit(values.help ? 0 : 2);
}
const pairs = values['build-arg'].map((pair) => pair.split(/=(.*)/s, 2));
buildImages({ images, version: values.version, folder: values.folder, arguments: Object.fromEntries(pairs), announce: say });

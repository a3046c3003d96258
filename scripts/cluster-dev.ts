// `npm run cluster:dev`: the whole platform in pods, in the cluster of KUBECONFIG or one that is started here; `-- --down` ends it.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bringUp } from './cluster/bring-up.ts';
import { removePlatform } from './cluster/install-platform.ts';
import { closeCluster, openCluster } from './cluster/open-cluster.ts';
import { repositoryRoot } from './images/app-files.ts';

const { values } = parseArgs({
  options: {
    down: { type: 'boolean', default: false },
    load: { type: 'string' },
    folder: { type: 'string', default: join(repositoryRoot, '.capstan/cluster') },
    images: { type: 'string', default: join(repositoryRoot, '.capstan/images') },
    built: { type: 'boolean', default: false },
  },
});
const announce = (text: string) => void process.stdout.write(`${text}\n`);
const kubeconfig = process.env.KUBECONFIG || undefined;
const choice = { kubeconfig, loadCommand: values.load, folder: values.folder, announce };

await (values.down ? end() : begin()).catch((error: unknown) => {
  // What stands in the way is said in words: no images, no volumes, no right to.
  announce(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});

async function end(): Promise<void> {
  if (kubeconfig === undefined) closeCluster(values.folder);
  else await removePlatform((await openCluster(choice)).kubectl);
  announce('Gone.');
}

async function begin(): Promise<void> {
  const { cluster, address } = await bringUp({ ...choice, imagesFolder: values.images, areBuilt: values.built });
  announce(`\nexport KUBECONFIG=${cluster.kubeconfig}`);
  if (address === null) announce('kubectl port-forward --namespace capstan service/api 8080:80');
  announce(`export OPENAI_BASE_URL=${address ?? 'http://127.0.0.1:8080'}/v1 OPENAI_API_KEY=for-development-only`);
  announce('`npm run cluster:dev -- --down` ends it.');
}

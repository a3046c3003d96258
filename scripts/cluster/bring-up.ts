import { buildImages } from '../images/build-images.ts';
import { archiveOf, type ImageName } from '../images/contexts.ts';
import { installPlatform, reachApi } from './install-platform.ts';
import { type ClusterChoice, type OpenCluster, openCluster } from './open-cluster.ts';
import { provideStorage, requireStorage } from './provide-storage.ts';

export interface BringUpOptions extends ClusterChoice {
  imagesFolder: string;
  /** The archives of the last time are taken as they are. */
  areBuilt: boolean;
}

const IMAGES: ImageName[] = ['control', 'worker-cpu', 'stores'];

/** The whole platform in pods, ready; done again, it brings what is there up to date. `address` is null where this machine does not reach the API. */
export async function bringUp(options: BringUpOptions): Promise<{ cluster: OpenCluster; address: string | null }> {
  const { imagesFolder: folder, areBuilt, announce } = options;
  const cluster = await openCluster(options);
  if (cluster.folder === null) await requireStorage(cluster.kubectl);
  if (!areBuilt) buildImages({ images: IMAGES, version: 'dev', folder, arguments: {}, announce });
  for (const name of IMAGES) cluster.load(archiveOf(folder, name));
  if (cluster.folder !== null) await provideStorage(cluster.kubectl, cluster.folder);
  announce('Applying k8s/overlays/dev and waiting until it is ready.');
  await installPlatform(cluster.kubectl);
  return { cluster, address: await reachApi(cluster.kubectl) };
}

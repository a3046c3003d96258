import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubectl } from './kubectl.ts';

/** The claims of the overlay `dev`. */
const CLAIMS = ['artifacts', 'data-postgres-0'];
const CLASS = 'folders-of-this-machine';

/** A cluster of this machine makes no volumes by itself: folders below `folder` become what the claims ask for. Its nodes all see them. */
export async function provideStorage(kubectl: Kubectl, folder: string): Promise<void> {
  const storageClass = {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'kubernetes.io/no-provisioner' },
    metadata: { name: CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  };
  const volumes = CLAIMS.map((claim) => {
    const path = join(folder, 'volumes', claim);
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o770);
    return volumeFor(claim, path);
  });
  await kubectl(['apply', '--server-side', '-f', '-'], [storageClass, ...volumes].map((object) => JSON.stringify(object)).join('\n---\n'));
}

/** A cluster that is given makes its volumes by itself; without that, the stores would wait for ever. */
export async function requireStorage(kubectl: Kubectl): Promise<void> {
  const isDefault = 'jsonpath={.items[*].metadata.annotations.storageclass\\.kubernetes\\.io/is-default-class}';
  const answers = await kubectl(['get', 'storageclasses', '--output', isDefault]);
  if (answers.split(' ').includes('true')) return;
  throw new Error('This cluster has no default StorageClass, by which Postgres and the artifacts would get their volumes.');
}

function volumeFor(claim: string, path: string): object {
  const anyNode = { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: claim },
    spec: {
      capacity: { storage: '5Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: CLASS,
      claimRef: { namespace: 'capstan', name: claim },
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [anyNode] }] } },
    },
  };
}

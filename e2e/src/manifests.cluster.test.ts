import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { poolSchema } from '@capstan/core';
import { type KubernetesLauncher, openKubernetesLauncher } from '@capstan/launcher';
import { testCluster } from '@capstan/testing';
import { AuthorizationV1Api, CoreV1Api, KubeConfig, type V1SubjectRulesReviewStatus } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

/** Namespaces, roles and names are those of an installation, so these run on a cluster of our own only. */
const { local, kubeconfig, nodeImage } = testCluster();
const base = fileURLToPath(new URL('../../k8s/base/', import.meta.url));
const overlays = fileURLToPath(new URL('../../k8s/overlays/', import.meta.url));
const SLOW = { timeout: 90_000, interval: 200 };
const { signal } = new AbortController();
const run = promisify(execFile);

const kubectl = (...args: string[]) =>
  run(join(local?.directory ?? '', 'bin', 'kubectl'), args, {
    env: { KUBECONFIG: kubeconfig, HOME: local?.directory },
    maxBuffer: 16 * 1024 * 1024,
  });

/** Every pair of resource and verb, sorted. */
function rights({ resourceRules }: V1SubjectRulesReviewStatus): string[] {
  const pairs = resourceRules.flatMap(({ resources = [], verbs }) =>
    resources.map((resource) => `${resource}: ${[...verbs].sort().join(' ')}`),
  );
  return pairs.filter((pair) => !pair.startsWith('selfsubject')).sort();
}

describe.runIf(local !== null)('the manifests', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'capstan-manifests-'));
    await kubectl('apply', '--server-side', '-f', join(base, 'namespaces.yaml'));
    await kubectl('apply', '--server-side', '-f', join(base, 'worker-access.yaml'));
    await kubectl('create', 'serviceaccount', 'scheduler', '--namespace', 'capstan');
  });
  afterAll(async () => {
    await kubectl('delete', 'namespace', 'capstan', 'capstan-workers');
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['dev', 'production', 'test'])(
    'of the overlay %s are what the API server accepts, strictly, with pods that are "restricted"',
    async (overlay) => {
      const { stdout: manifests } = await kubectl('kustomize', join(overlays, overlay));
      const file = join(folder, `${overlay}.yaml`);
      writeFileSync(file, manifests);
      const { stdout, stderr } = await kubectl(
        'apply',
        '--server-side',
        '--force-conflicts',
        '--dry-run=server',
        '--validate=strict',
        '-f',
        file,
      );
      expect(stdout).toMatch(/deployment.apps\/scheduler serverside-applied \(server dry run\)/);
      expect(stderr).not.toMatch(/PodSecurity|unknown field|deprecated/);
    },
  );

  it('give the scheduler what it needs among the workers, and a look at the nodes anywhere else', async () => {
    const authorization = (await openAsScheduler()).makeApiClient(AuthorizationV1Api);
    const review = async (namespace: string) => {
      const { status } = await authorization.createSelfSubjectRulesReview({ body: { spec: { namespace } } });
      return status === undefined ? [] : rights(status);
    };
    expect(await review('capstan-workers')).toEqual([
      'deployments: create delete list patch',
      'events: list watch',
      'jobs: create delete deletecollection get list patch watch',
      'nodes: list',
      'pods/log: get',
      'pods: deletecollection list patch watch',
      'secrets: create delete',
      'services: create delete',
      'workloads: list watch',
    ]);
    for (const namespace of ['capstan', 'default', 'kube-system']) expect(await review(namespace)).toEqual(['nodes: list']);
    const core = (await openAsScheduler()).makeApiClient(CoreV1Api);
    await expect(core.listNamespacedSecret({ namespace: 'capstan-workers' })).rejects.toMatchObject({ code: 403 });
  });

  it('give it enough to launch, watch, read, stop and remove', async () => {
    const file = join(folder, 'scheduler.kubeconfig');
    writeFileSync(file, (await openAsScheduler()).exportConfig());
    const launcher = await openKubernetesLauncher({ kubeconfig: file, namespace: 'capstan-workers' });
    try {
      await liveThrough(launcher);
    } finally {
      await launcher.close();
    }
  });

  async function liveThrough(launcher: KubernetesLauncher): Promise<void> {
    const name = 'ftjob-rights-a1';
    const settings = { image: nodeImage, imagePullPolicy: 'Never', command: ['node', '-e', WORKER], cpu: '50m' };
    const pool = poolSchema.parse({ id: 'pods', launcher: 'kubernetes', maxWorkers: 2, settings });
    await launcher.launch(
      {
        ...{ name, kind: 'train', jobId: 'ftjob-rights', attempt: 1, epoch: 1, worldSize: 2, memoryMiB: null, gpusPerWorker: 0 },
        ...{ token: 'none', schedulerAddress: 'none:1', pool: { ...pool, version: 1 } },
      },
      { signal },
    );
    await vi.waitFor(async () => expect(await launcher.readLog(name, 1, { tailBytes: 100 })).toBe('ready\n'), SLOW);
    await launcher.stop(name, { graceMs: 5_000 });
    await vi.waitFor(async () => {
      expect((await launcher.list({ signal })).map(({ phase }) => phase)).toEqual(['succeeded', 'succeeded']);
    }, SLOW);
    await launcher.remove(name);
    expect(await launcher.list({ signal })).toEqual([]);
  }

  /** As the scheduler's pod would be: by a token of its service account. */
  async function openAsScheduler(): Promise<KubeConfig> {
    const { stdout: token } = await kubectl('create', 'token', 'scheduler', '--namespace', 'capstan');
    const admin = new KubeConfig();
    admin.loadFromFile(kubeconfig);
    const cluster = admin.getCurrentCluster() ?? expect.fail('the kubeconfig names no cluster');
    const config = new KubeConfig();
    config.loadFromClusterAndUser(cluster, { name: 'scheduler', token: token.trim() });
    return config;
  }
});

const WORKER = `
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 1000);
console.log('ready');
`;

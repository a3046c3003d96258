import type { KubernetesLauncher, KubernetesLauncherOptions } from './kubernetes/create-kubernetes-launcher.ts';

/** A launcher of pods. The client is loaded only here, for it is large, and a machine without a cluster never needs it. */
export async function openKubernetesLauncher(options: KubernetesLauncherOptions): Promise<KubernetesLauncher> {
  const { createKubernetesLauncher } = await import('./kubernetes/create-kubernetes-launcher.ts');
  return createKubernetesLauncher(options);
}

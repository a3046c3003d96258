export type { ClusterPools } from './kubernetes/cluster-pools.ts';
export type { KubernetesLauncher, KubernetesLauncherOptions } from './kubernetes/create-kubernetes-launcher.ts';
export type { Launcher, LaunchSpec, RankObservation, SchedulerTls } from './launcher.ts';
export { LAUNCH_LATER } from './launcher.ts';
export { openKubernetesLauncher } from './open-kubernetes-launcher.ts';
export type { ProcessLauncherOptions } from './process/create-process-launcher.ts';
export { createProcessLauncher } from './process/create-process-launcher.ts';
export { readHostId } from './process/host-id.ts';
export { routeLaunchers } from './route-launchers.ts';

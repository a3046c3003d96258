export type { Launcher, LaunchSpec, RankObservation } from './launcher.ts';
export type { ProcessLauncherOptions } from './process/create-process-launcher.ts';
export { createProcessLauncher } from './process/create-process-launcher.ts';

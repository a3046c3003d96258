import type { KubernetesObject, V1Job, V1Pod } from '@kubernetes/client-node';
import { LABELS } from './names.ts';
import type { LaunchObjects } from './observe-launch.ts';
import type { Workload } from './read-admission.ts';

/** Jobs and pods by launch, as they are seen and go. */
export interface LaunchIndex {
  names(): string[];
  get(name: string): LaunchObjects;
  seeJob(job: V1Job): void;
  loseJob(job: V1Job): void;
  seePod(pod: V1Pod): void;
  losePod(pod: V1Pod): void;
  /** What Kueue makes of a Job; of one that we do not know it says nothing to us. */
  seeWorkload(workload: Workload): void;
  loseWorkload(workload: Workload): void;
  /** From now on the launch is unknown, even where a watch still speaks of its objects before it sees them go. */
  forget(name: string): void;
}

interface Launch {
  job: V1Job | undefined;
  pods: Map<string, V1Pod>;
}

export function createLaunchIndex(onChange: (name: string) => void): LaunchIndex {
  const launches = new Map<string, Launch>();
  const workloads = new Map<string, Workload>();
  const forgotten = new Set<string>();

  function change(object: KubernetesObject, apply: (launch: Launch) => void): void {
    const name = object.metadata?.labels?.[LABELS.name];
    if (name === undefined || forgotten.has(uidOf(object))) return;
    const launch = launches.get(name) ?? { job: undefined, pods: new Map() };
    apply(launch);
    if (launch.job === undefined && launch.pods.size === 0) launches.delete(name);
    else launches.set(name, launch);
    onChange(name);
  }

  function lose(object: KubernetesObject, apply: (launch: Launch) => void): void {
    change(object, apply);
    forgotten.delete(uidOf(object));
  }

  return {
    names: () => [...launches.keys()],
    get(name) {
      const launch = launches.get(name);
      return { job: launch?.job, pods: [...(launch?.pods.values() ?? [])], workload: workloads.get(name) };
    },
    seeJob: (job) => change(job, (launch) => Object.assign(launch, { job })),
    loseJob: (job) => lose(job, (launch) => Object.assign(launch, { job: undefined })),
    seePod: (pod) => change(pod, (launch) => launch.pods.set(uidOf(pod), pod)),
    losePod: (pod) => lose(pod, (launch) => launch.pods.delete(uidOf(pod))),
    seeWorkload(workload) {
      workloads.set(ownerOf(workload), workload);
      if (launches.has(ownerOf(workload))) onChange(ownerOf(workload));
    },
    loseWorkload: (workload) => void workloads.delete(ownerOf(workload)),
    forget(name) {
      const launch = launches.get(name);
      for (const object of [launch?.job, ...(launch?.pods.values() ?? [])]) if (object !== undefined) forgotten.add(uidOf(object));
      launches.delete(name);
      onChange(name);
    },
  };
}

function uidOf({ metadata }: KubernetesObject): string {
  return metadata?.uid ?? '';
}

/** Kueue speaks of a Job before we have seen it, and after. */
function ownerOf({ metadata }: Workload): string {
  return metadata?.ownerReferences?.find(({ kind }) => kind === 'Job')?.name ?? '';
}

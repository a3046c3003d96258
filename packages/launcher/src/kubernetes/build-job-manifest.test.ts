import { type Pool, poolSchema } from '@capstan/core';
import type { V1Container, V1Job } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { LaunchSpec } from '../launcher.ts';
import { buildCompanions, buildJobManifest } from './build-job-manifest.ts';

const IMAGE = 'registry.example/worker@sha256:0123';

function makePool(settings: Record<string, unknown> = {}): Pool {
  const pool = poolSchema.parse({ id: 'gpu', launcher: 'kubernetes', maxWorkers: 8, settings: { image: IMAGE, ...settings } });
  return { ...pool, version: 1 };
}

function makeSpec(changes: Partial<LaunchSpec> = {}): LaunchSpec {
  return {
    ...{ name: 'ftjob-abc-a2', kind: 'train', jobId: 'ftjob-abc', attempt: 2, epoch: 5, worldSize: 2, pool: makePool() },
    ...{ memoryMiB: 2048, gpusPerWorker: 1, token: 'train.secret', schedulerAddress: 'scheduler.capstan:7070' },
    ...changes,
  };
}

function build({ settings = {}, ...changes }: Partial<LaunchSpec> & { settings?: Record<string, unknown> } = {}): V1Job {
  const pool = makePool(settings);
  return buildJobManifest(makeSpec({ pool, ...changes }), pool);
}

const podOf = (job: V1Job) => job.spec?.template.spec;
const workerOf = (job: V1Job): V1Container | undefined => podOf(job)?.containers[0];

describe('buildJobManifest', () => {
  it('makes one Indexed Job of all ranks, under the name of the attempt, that never tries again by itself', () => {
    const job = build();
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'ftjob-abc-a2' } });
    expect(job.spec).toMatchObject({ completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimit: 0, suspend: false });
    expect(job.spec).not.toHaveProperty('activeDeadlineSeconds');
    expect(podOf(job)?.restartPolicy).toBe('Never');
  });

  it('tells disruption, memory and bad configuration from a trainer that failed', () => {
    const rules = build().spec?.podFailurePolicy?.rules ?? [];
    expect(rules.map(({ action }) => action)).toEqual(['FailJob', 'FailJob', 'FailJob']);
    expect(rules[0]?.onPodConditions).toEqual([{ type: 'DisruptionTarget', status: 'True' }]);
    expect(rules.slice(1).map(({ onExitCodes }) => onExitCodes?.values)).toEqual([[137], [2]]);
  });

  it("labels Job and pods by Kubernetes' recommended names and ours, the same on both", () => {
    const job = build();
    expect(job.metadata?.labels).toMatchObject({
      ...{ 'app.kubernetes.io/name': 'capstan-worker', 'app.kubernetes.io/instance': 'ftjob-abc-a2' },
      ...{ 'app.kubernetes.io/part-of': 'capstan', 'app.kubernetes.io/managed-by': 'capstan' },
      ...{ 'capstan.dev/job-id': 'ftjob-abc', 'capstan.dev/attempt': '2', 'capstan.dev/epoch': '5', 'capstan.dev/pool': 'gpu' },
    });
    expect(job.spec?.template.metadata?.labels).toEqual(job.metadata?.labels);
    expect(job.spec?.template.metadata?.finalizers).toEqual(['capstan.dev/rank-recorded']);
  });

  it('satisfies Pod Security "restricted"', () => {
    const job = build();
    expect(podOf(job)?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(workerOf(job)?.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
    expect(podOf(job)).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(podOf(job)?.volumes?.flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name'))).toEqual([
      ...['secret', 'emptyDir', 'emptyDir'],
    ]);
  });

  it('tells the worker all that it needs, and its token only as a file', () => {
    const job = build();
    const env = new Map(workerOf(job)?.env?.map((variable) => [variable.name, variable.value]));
    expect(env.get('CAPSTAN_SCHEDULER_ADDRESS')).toBe('scheduler.capstan:7070');
    expect(env.get('CAPSTAN_TOKEN_FILE')).toBe('/var/run/capstan/token');
    expect([...env.keys()]).toEqual(
      expect.arrayContaining(['JOB_ID', 'ATTEMPT', 'EPOCH', 'RANK', 'WORLD_SIZE', 'KIND', 'CACHE_DIR'].map((name) => `CAPSTAN_${name}`)),
    );
    expect(JSON.stringify(job)).not.toContain('train.secret');
  });

  it('gives the worker what it knows the scheduler by, where that speaks TLS', () => {
    const variables = (spec: Parameters<typeof build>[0]) => workerOf(build(spec))?.env ?? [];
    const env = variables({ schedulerTls: { authority: 'PEM', serverName: 'scheduler' } });
    expect(env).toContainEqual({ name: 'CAPSTAN_SCHEDULER_CA', value: 'PEM' });
    expect(env).toContainEqual({ name: 'CAPSTAN_SCHEDULER_NAME', value: 'scheduler' });
    expect(variables({}).filter(({ name }) => /SCHEDULER_(CA|NAME)/.test(name))).toEqual([]);
  });

  it('lets no setting of a pool replace what Capstan says to the worker', () => {
    const env = workerOf(build({ settings: { env: { CAPSTAN_JOB_ID: 'other', LOG_LEVEL: 'debug' } } }))?.env ?? [];
    expect(env.filter(({ name }) => name === 'CAPSTAN_JOB_ID')).toEqual([{ name: 'CAPSTAN_JOB_ID', value: 'ftjob-abc' }]);
    expect(env).toContainEqual({ name: 'LOG_LEVEL', value: 'debug' });
  });

  const resources: [string, Parameters<typeof build>[0], unknown][] = [
    ['memory and GPUs in full, processors without a limit', {}, { memory: '2048Mi', 'nvidia.com/gpu': '1' }],
    ['no GPU where none is asked for', { gpusPerWorker: 0 }, { memory: '2048Mi' }],
    ['no memory limit where the job has none', { memoryMiB: null }, { 'nvidia.com/gpu': '1' }],
    ["the pool's own kind of GPU", { settings: { gpuResourceName: 'amd.com/gpu' } }, { memory: '2048Mi', 'amd.com/gpu': '1' }],
  ];
  it.each(resources)('asks for %s', (_title, changes, limits) => {
    expect(workerOf(build(changes))?.resources).toEqual({ limits, requests: { cpu: '1', ...(limits as object) } });
  });

  const placement: [string, unknown][] = [
    ['nodeSelector', { accelerator: 'h100' }],
    ['tolerations', [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]],
    ['affinity', { nodeAffinity: {} }],
    ['topologySpreadConstraints', [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }]],
    ['runtimeClassName', 'nvidia'],
    ['priorityClassName', 'training'],
    ['schedulerName', 'other-scheduler'],
    ['serviceAccountName', 'worker'],
    ['terminationGracePeriodSeconds', 120],
  ];
  it.each(placement)("passes the pool's %s on to the pod", (name, value) => {
    expect(podOf(build({ settings: { [name]: value } }))).toHaveProperty(name, value);
  });

  it('takes image, pull secrets, deadlines and queue from the pool, and suspends what Kueue is to admit', () => {
    const job = build({
      settings: { imagePullSecrets: ['registry'], activeDeadlineSeconds: 3_600, ttlSecondsAfterFinished: 60, queueName: 'team-a' },
    });
    expect(workerOf(job)?.image).toBe(IMAGE);
    expect(podOf(job)?.imagePullSecrets).toEqual([{ name: 'registry' }]);
    expect(job.spec).toMatchObject({ activeDeadlineSeconds: 3_600, ttlSecondsAfterFinished: 60, suspend: true });
    expect(job.metadata?.labels).toHaveProperty(['kueue.x-k8s.io/queue-name'], 'team-a');
  });

  it.each([
    ['no image', { image: undefined }, /image/],
    ['a misspelt setting', { nodeselector: {} }, /nodeselector/],
    ['a toleration that is no object', { tolerations: ['gpu'] }, /tolerations\.0/],
  ])('refuses %s and names it', (_title, settings, problem) => {
    expect(() => build({ settings })).toThrow(problem);
  });
});

describe('buildCompanions', () => {
  const job = { metadata: { uid: 'uid-1', name: 'ftjob-abc-a2' } };

  it('puts the token into a Secret that belongs to the Job', () => {
    const { secret } = buildCompanions(makeSpec(), job);
    expect(secret).toMatchObject({ immutable: true, stringData: { token: 'train.secret' }, metadata: { name: 'ftjob-abc-a2' } });
    expect(secret.metadata?.ownerReferences).toEqual([{ apiVersion: 'batch/v1', kind: 'Job', name: 'ftjob-abc-a2', uid: 'uid-1' }]);
  });

  it('gives ranks of one world names by a headless Service, and a lone rank none', () => {
    const { service } = buildCompanions(makeSpec(), job);
    expect(service?.spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: { 'capstan.dev/launch': 'ftjob-abc-a2' },
    });
    expect(podOf(build())?.subdomain).toBe(service?.metadata?.name);
    expect(buildCompanions(makeSpec({ worldSize: 1 }), job).service).toBeNull();
    expect(podOf(build({ worldSize: 1 }))).not.toHaveProperty('subdomain');
  });
});

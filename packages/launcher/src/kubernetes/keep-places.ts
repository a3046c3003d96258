import { createHash } from 'node:crypto';
import type { Pool } from '@capstan/core';
import { PatchStrategy, type V1Deployment, type V1PodSpec } from '@kubernetes/client-node';
import { buildPlacement, buildResources, RESTRICTED } from './build-pod-template.ts';
import { type ClusterApi, callOptions, orOn } from './cluster-api.ts';
import type { PlacesWanted } from './cluster-pools.ts';
import { LABELS } from './names.ts';
import { readPoolSettings } from './pool-settings.ts';

const COMPONENT = 'placeholder';
/** What the Deployment was made from: as long as it is the same, there is nothing to do. */
const SHAPE = 'capstan.dev/shape';
const SELECTOR = `app.kubernetes.io/component=${COMPONENT},app.kubernetes.io/managed-by=capstan`;
const GONE = [404];

/**
 * Makes the cluster's placeholders what they should be. Several may do so at once: each writes the same, under the same names. A pool whose placeholders
 * cannot be made keeps those that it has, and does not keep others from theirs; its error comes last.
 */
export async function keepPlaces(wanted: readonly PlacesWanted[], { apps, namespace }: ClusterApi): Promise<void> {
  const warm = wanted.filter(({ places }) => places > 0);
  const { items } = await apps.listNamespacedDeployment({ namespace, labelSelector: SELECTOR }, callOptions());
  const shapes = new Map(items.map(({ metadata }) => [metadata?.name, metadata?.annotations?.[SHAPE]]));
  const names = new Set(warm.map(({ pool }) => nameOf(pool)));
  const failures: unknown[] = [];
  for (const places of warm) await keep(places).catch((error: unknown) => failures.push(error));
  for (const name of shapes.keys())
    if (name !== undefined && !names.has(name))
      await apps.deleteNamespacedDeployment({ namespace, name }, callOptions()).catch(orOn(GONE, null));
  if (failures.length > 0) throw failures[0];

  async function keep(places: PlacesWanted): Promise<void> {
    const name = nameOf(places.pool);
    const body = buildPlaceholders(places);
    if (shapes.get(name) === body.metadata?.annotations?.[SHAPE]) return;
    const request = { namespace, name, body, fieldManager: 'capstan', force: true };
    await apps.patchNamespacedDeployment(request, callOptions({ contentType: PatchStrategy.ServerSideApply }));
  }
}

function nameOf({ id }: Pool): string {
  return `capstan-warm-${id}`;
}

/** Pods of the pool's shape that do nothing: they keep nodes up, and the cluster ends them as soon as a worker needs the room. */
export function buildPlaceholders({ pool, places }: PlacesWanted): V1Deployment {
  const labels = {
    ...{ 'app.kubernetes.io/name': 'capstan-placeholder', 'app.kubernetes.io/component': COMPONENT },
    ...{ 'app.kubernetes.io/part-of': 'capstan', 'app.kubernetes.io/managed-by': 'capstan', [LABELS.pool]: pool.id },
  };
  const spec = { replicas: places, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: buildPlaceholder(pool) } };
  const shape = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: nameOf(pool), labels, annotations: { [SHAPE]: shape } },
    spec,
  };
}

function buildPlaceholder(pool: Pool): V1PodSpec {
  const settings = readPoolSettings(pool);
  return {
    priorityClassName: settings.placeholderPriorityClassName,
    terminationGracePeriodSeconds: 0,
    ...buildPlacement(settings),
    securityContext: { runAsNonRoot: true, runAsUser: settings.runAsUser, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: COMPONENT,
        image: settings.placeholderImage,
        imagePullPolicy: settings.imagePullPolicy,
        resources: buildResources(pool, settings),
        securityContext: RESTRICTED,
      },
    ],
  };
}

import { type Pool, type PoolCapacity, readKubernetesQuantity } from '@capstan/core';
import type { V1Node, V1Taint, V1Toleration } from '@kubernetes/client-node';
import { readPoolSettings } from './pool-settings.ts';

const MIB = 1024 ** 2;

/** Counts the nodes that the pool's node selector and tolerations admit. What an affinity says beyond that is the cluster's affair. */
export function readCapacity(pool: Pool, nodes: readonly V1Node[]): PoolCapacity {
  const { nodeSelector, tolerations, cpu, gpuResourceName } = readPoolSettings(pool);
  const suiting = nodes.filter((node) => suits(node, nodeSelector) && isTolerated(node, tolerations));
  const open = suiting.filter(isOpen);
  const needs: [resource: string, amount: number][] = [
    ['cpu', readKubernetesQuantity(cpu)],
    ['memory', (pool.memoryMiB ?? 0) * MIB],
    [gpuResourceName, pool.gpusPerWorker],
    ['pods', 1],
  ];
  const slots = open.reduce((sum, node) => sum + slotsOf(node, needs), 0);
  return { slots, nodes: open.length, closedNodes: suiting.length - open.length };
}

function slotsOf({ status }: V1Node, needs: [resource: string, amount: number][]): number {
  const rooms = needs
    .filter(([, amount]) => amount > 0)
    .map(([resource, amount]) => readKubernetesQuantity(status?.allocatable?.[resource]) / amount);
  // Quantities such as 0.1 and 64 do not divide exactly.
  return Math.floor(Math.min(...rooms) + 1e-9);
}

function suits({ metadata }: V1Node, selector: Record<string, string>): boolean {
  return Object.entries(selector).every(([label, value]) => metadata?.labels?.[label] === value);
}

/** A cordon is a taint too, and says nothing about whose node it is. */
const CORDON = 'node.kubernetes.io/';

function isTolerated({ spec }: V1Node, tolerations: V1Toleration[]): boolean {
  const taints = (spec?.taints ?? []).filter(({ effect, key }) => effect !== 'PreferNoSchedule' && !key.startsWith(CORDON));
  return taints.every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}

function tolerates({ key, operator, value, effect }: V1Toleration, taint: V1Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (operator === 'Exists') return key === undefined || key === '' || key === taint.key;
  return key === taint.key && (value ?? '') === (taint.value ?? '');
}

function isOpen({ spec, status }: V1Node): boolean {
  const isReady = status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
  return isReady && !spec?.unschedulable;
}

import { poolSchema } from '@capstan/core';
import type { V1Node, V1NodeSpec } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import { readCapacity } from './read-capacity.ts';

const makePool = (changes: object = {}, settings: object = {}) => ({
  ...poolSchema.parse({
    id: 'gpu',
    launcher: 'kubernetes',
    maxWorkers: 8,
    gpusPerWorker: 2,
    settings: { image: 'w', ...settings },
    ...changes,
  }),
  version: 1,
});
const makeNode = (
  spec: V1NodeSpec = {},
  { labels = {}, ready = 'True' }: { labels?: Record<string, string>; ready?: string } = {},
): V1Node => ({
  metadata: { labels },
  spec,
  status: {
    allocatable: { cpu: '64', memory: '512Gi', pods: '110', 'nvidia.com/gpu': '8' },
    conditions: [{ type: 'Ready', status: ready, lastHeartbeatTime: new Date(), lastTransitionTime: new Date() }],
  },
});
const taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

const rows: [title: string, pool: ReturnType<typeof makePool>, nodes: V1Node[], expected: object][] = [
  ['counts workers by their GPUs', makePool(), [makeNode(), makeNode()], { slots: 8, nodes: 2, closedNodes: 0 }],
  ['counts by what runs out first', makePool({ memoryMiB: 256 * 1024 }), [makeNode()], { slots: 2 }],
  ['counts by processors where a worker has no GPU', makePool({ gpusPerWorker: 0 }, { cpu: '700m' }), [makeNode()], { slots: 91 }],
  ['is nothing on nodes without such GPUs', makePool({}, { gpuResourceName: 'amd.com/gpu' }), [makeNode()], { slots: 0, nodes: 1 }],
  [
    'leaves out a node that is cordoned',
    makePool(),
    [makeNode({ unschedulable: true }), makeNode()],
    { slots: 4, nodes: 1, closedNodes: 1 },
  ],
  ['leaves out a node that is not ready', makePool(), [makeNode({}, { ready: 'Unknown' })], { slots: 0, nodes: 0, closedNodes: 1 }],
  [
    ...(['takes the nodes that the selector names', makePool({}, { nodeSelector: { type: 'a' } })] as const),
    [makeNode({}, { labels: { type: 'a' } }), makeNode({}, { labels: { type: 'b' } })],
    { slots: 4, nodes: 1, closedNodes: 0 },
  ],
  ['leaves out a node whose taint is not tolerated', makePool(), [makeNode({ taints: [taint] })], { slots: 0, nodes: 0, closedNodes: 0 }],
  [
    ...(['takes a node whose taint is tolerated', makePool({}, { tolerations: [{ key: 'gpu', value: 'yes' }] })] as const),
    [makeNode({ taints: [taint] })],
    { slots: 4, nodes: 1 },
  ],
  [
    ...(['does not take another value of a taint for tolerated', makePool({}, { tolerations: [{ key: 'gpu', value: 'no' }] })] as const),
    [makeNode({ taints: [taint] })],
    { nodes: 0 },
  ],
];
it.each(rows)('%s', (_title, pool, nodes, expected) => {
  expect(readCapacity(pool, nodes)).toMatchObject(expected);
});

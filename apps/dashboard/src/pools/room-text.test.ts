import { expect, it } from 'vitest';
import { roomText } from './room-text.ts';

it('the room of a pool counts its nodes, and tells of those that take nothing', () => {
  const room = { slots: 12, nodes: 3, closed_nodes: 0, read_at: 0 };
  expect(roomText(room)).toBe('12 workers on 3 nodes');
  expect(roomText({ ...room, slots: 1, nodes: 1, closed_nodes: 2 })).toBe('1 worker on 1 node; 2 nodes cordoned or not ready');
});

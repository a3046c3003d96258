/**
 * Sorts by source length and cuts where a group would exceed `rows`, or `tokens` once padded to its longest source; a longer source
 * makes a group of its own.
 */
export function groupByLength<Item extends { inputIds: Int32Array }>(
  items: readonly Item[],
  limit: { tokens: number; rows: number },
): Item[][] {
  const sorted = [...items].sort((a, b) => a.inputIds.length - b.inputIds.length);
  const groups: Item[][] = [];
  let group: Item[] = [];
  for (const item of sorted) {
    if (group.length === limit.rows || (group.length > 0 && (group.length + 1) * item.inputIds.length > limit.tokens)) {
      groups.push(group);
      group = [];
    }
    group.push(item);
  }
  return group.length > 0 ? [...groups, group] : groups;
}

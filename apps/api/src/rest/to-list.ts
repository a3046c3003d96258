import type { List } from '@capstan/core';

/** A page in OpenAI's shape. */
export function toList<Item extends { id: string }>(data: Item[], hasMore: boolean): List<Item> {
  return { object: 'list', data, has_more: hasMore, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}

/** For lists that page by sequence, or not at all. */
export function toPlainList<Item>(data: Item[], hasMore = false): List<Item> {
  return { object: 'list', data, has_more: hasMore };
}

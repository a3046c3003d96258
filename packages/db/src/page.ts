/** One page out of `limit + 1` rows: the row too many tells that there are more. */
export function toPage<Item>(rows: Item[], limit: number): { items: Item[]; hasMore: boolean } {
  return { items: rows.slice(0, limit), hasMore: rows.length > limit };
}

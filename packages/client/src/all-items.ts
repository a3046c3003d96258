import type { List } from '@capstan/core';

/** Every item of a list, page after page; `fetchPage` gets the id of the last one seen. */
export async function* allItems<Item extends { id: string }>(
  fetchPage: (after: string | undefined) => Promise<List<Item>>,
): AsyncGenerator<Item> {
  let after: string | undefined;
  for (;;) {
    const page = await fetchPage(after);
    yield* page.data;
    const last = page.data.at(-1);
    if (!page.has_more || !last) return;
    after = last.id;
  }
}

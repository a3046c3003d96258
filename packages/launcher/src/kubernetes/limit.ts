export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** Runs work as it comes, at most `most` at a time; the rest waits in order. */
export function createLimit(most: number): Limit {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (work) => {
    if (underWay >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else underWay += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay -= 1;
      else next();
    }
  };
}

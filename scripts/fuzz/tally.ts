import type { Verdict } from './judge-http.ts';

export interface Failure {
  index: number;
  what: string;
  problem: string;
}

type Counts = Record<Verdict['result'], number>;

/** What came of all requests, by route and by kind. */
export class Tally {
  readonly failures: Failure[] = [];
  readonly #byRoute = new Map<string, Counts>();
  readonly #byKind = new Map<string, Counts>();

  count({ route, kind }: { route: string; kind: string }, { result }: Verdict): void {
    for (const [counts, name] of [
      [this.#byRoute, route],
      [this.#byKind, kind],
    ] as const) {
      const row = counts.get(name) ?? { answered: 0, refused: 0, unsupported: 0, noCapacity: 0, left: 0, failed: 0 };
      row[result] += 1;
      counts.set(name, row);
    }
  }

  total(result: Verdict['result']): number {
    return [...this.#byRoute.values()].reduce((sum, counts) => sum + counts[result], 0);
  }

  /** A table of both, for people. */
  toText(): string {
    return [table('route', this.#byRoute), table('kind', this.#byKind)].join('\n');
  }
}

const COLUMNS = ['answered', 'refused', 'unsupported', 'noCapacity', 'left', 'failed'] as const;

function table(title: string, rows: Map<string, Counts>): string {
  const width = Math.max(...[...rows.keys()].map(({ length }) => length), title.length);
  const line = (name: string, cells: readonly string[]) => `${name.padEnd(width)}${cells.map((cell) => cell.padStart(13)).join('')}`;
  const sorted = [...rows].sort(([a], [b]) => a.localeCompare(b));
  return `${line(title, COLUMNS)}\n${sorted
    .map(([name, counts]) =>
      line(
        name,
        COLUMNS.map((column) => String(counts[column] || '·')),
      ),
    )
    .join('\n')}\n`;
}

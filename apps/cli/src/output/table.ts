import Table from 'cli-table3';

export interface TableOptions {
  /** Headings are left out when null: two columns of names and values need none. */
  headings: string[] | null;
  /** Columns of numbers, by index. */
  alignRight?: number[];
  /** Applied to each heading. */
  emphasise?: (text: string) => string;
}

/** No lines around cells: two spaces between columns copy well and fit a narrow terminal. */
const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Rows under headings, columns padded, without trailing spaces. */
export function renderTable(rows: string[][], { headings, alignRight = [], emphasise = (text) => text }: TableOptions): string {
  const columns = Math.max(headings?.length ?? 0, ...rows.map((row) => row.length));
  const table = new Table({
    chars: PLAIN,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: Array.from({ length: columns }, (_, index) => (alignRight.includes(index) ? 'right' : 'left')),
    ...(headings === null ? {} : { head: headings.map(emphasise) }),
  });
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

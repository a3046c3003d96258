import { expect, it } from 'vitest';
import { renderTable } from './table.ts';

it('pads columns, aligns numbers to the right, and leaves no trailing spaces', () => {
  const table = renderTable(
    [
      ['loss', '3.1'],
      ['rougeL', '12.25'],
    ],
    { headings: ['figure', 'value'], alignRight: [1] },
  );
  expect(table).toBe(['figure  value', 'loss      3.1', 'rougeL  12.25'].join('\n'));
});

it('shows names and values without headings', () => {
  expect(renderTable([['id', 'x']], { headings: null })).toBe('id  x');
});

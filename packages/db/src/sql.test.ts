import { describe, expect, it } from 'vitest';
import { json } from './sql.ts';

describe('the text of a jsonb parameter', () => {
  it('replaces what Postgres cannot store, in members and in their names', () => {
    expect(JSON.parse(json({ 'a\0': ['b\0', '\ud800c', 'd\udfff'] }) ?? '')).toEqual({ 'a\uFFFD': ['b\uFFFD', '\uFFFDc', 'd\uFFFD'] });
  });

  it('leaves everything else as it was', () => {
    const value = { pair: '😀', written: '\\u0000', doubled: '\\\\ud800', control: '\u0001' };
    expect(JSON.parse(json(value) ?? '')).toEqual(value);
  });

  it('is null for what is absent', () => {
    expect([json(null), json(undefined)]).toEqual([null, null]);
  });
});

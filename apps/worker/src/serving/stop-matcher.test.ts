import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createStopMatcher } from './stop-matcher.ts';

function stream(pieces: string[], stops: string[]): string {
  const matcher = createStopMatcher(stops);
  let shown = '';
  for (const piece of pieces) {
    const { text, stopped } = matcher.push(piece);
    shown += text;
    if (stopped) return shown;
  }
  return shown + matcher.flush();
}

it('shows at once what cannot be part of a stop string', () => {
  const matcher = createStopMatcher(['END']);
  expect(matcher.push('abc E')).toEqual({ text: 'abc ', stopped: false });
  expect(matcher.push('N')).toEqual({ text: '', stopped: false });
  expect(matcher.push('x')).toEqual({ text: 'ENx', stopped: false });
  expect(matcher.push('END more')).toEqual({ text: '', stopped: true });
});

it('gives the text before the first stop string, however the text is cut into pieces', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 6 }), fc.array(letters, { maxLength: 3 }), (pieces, stops) => {
      const whole = pieces.join('');
      const ends = stops.filter((stop) => stop !== '').map((stop) => whole.indexOf(stop));
      const end = Math.min(whole.length, ...ends.filter((index) => index >= 0));
      const shown = stream(pieces, stops);
      // Where two stop strings overlap across pieces, the one that is complete first ends the stream.
      expect(whole.startsWith(shown)).toBe(true);
      expect(shown.length).toBeGreaterThanOrEqual(end);
      if (stops.length <= 1) expect(shown.length).toBe(end);
    }),
  );
});

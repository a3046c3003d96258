import { InvalidArgumentError } from 'commander';

/** Parsers of option values; commander turns what they throw into a usage error that names the option. */

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}

export function decimalNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('Give a number.');
  return number;
}

/** `q,v` as names; a single `all-linear` stays a word. */
export function moduleNames(text: string): string | string[] {
  if (text === 'all-linear') return text;
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('Give names with commas between, e.g. q,v, or all-linear.');
  return names;
}

/** One `key=value`, added to those before it. */
export function keyValue(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function oneOf<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new InvalidArgumentError(`Give one of ${choices.join(', ')}.`);
    return found;
  };
}

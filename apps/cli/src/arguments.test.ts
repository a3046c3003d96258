import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { decimalNumber, keyValue, moduleNames, oneOf, wholeNumber } from './arguments.ts';

describe('option values', () => {
  it.each(['', '-1', '1.5', '1e3', 'x', '9999999999999999'])('%j is not a whole number', (text) =>
    expect(() => wholeNumber(text)).toThrow(InvalidArgumentError),
  );

  it.each(['', ' ', 'x', 'NaN', 'Infinity'])('%j is not a number', (text) =>
    expect(() => decimalNumber(text)).toThrow(InvalidArgumentError),
  );

  it('reads numbers', () => {
    expect(wholeNumber('200')).toBe(200);
    expect(decimalNumber('2e-3')).toBe(0.002);
  });

  it('reads names of modules', () => {
    expect(moduleNames('q, v')).toEqual(['q', 'v']);
    expect(moduleNames('all-linear')).toBe('all-linear');
    expect(() => moduleNames(',')).toThrow(InvalidArgumentError);
  });

  it('gathers pairs; a value may hold "="', () => {
    expect(keyValue('b=c=d', keyValue('a=1'))).toEqual({ a: '1', b: 'c=d' });
    expect(() => keyValue('=x')).toThrow(InvalidArgumentError);
  });

  it('names the choices when none was meant', () => {
    expect(() => oneOf(['lora', 'full'])('half')).toThrow('Give one of lora, full.');
  });
});

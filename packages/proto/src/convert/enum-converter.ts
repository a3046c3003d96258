import { InvalidRequestError } from '@capstan/core';

type Member<Wire> = Exclude<keyof Wire, 'UNSPECIFIED'>;

export interface EnumConverter<Word extends string, Wire> {
  toProto(word: Word): Wire[keyof Wire];
  fromProto(value: number): Word;
}

/**
 * Words of core ↔ members of a proto enum. A word without a member does not compile, nor does a member without a word.
 * A number that this release does not know, from a newer peer, is refused.
 */
export function enumConverter<Word extends string>() {
  return <Wire extends Record<string, number>, const Table extends Record<Word, Member<Wire>>>(
    wire: Wire,
    table: Table & (Member<Wire> extends Table[Word] ? unknown : { missing: Exclude<Member<Wire>, Table[Word]> }),
  ): EnumConverter<Word, Wire> => {
    const words = Object.keys(table) as Word[];
    const wordOf = new Map(words.map((word) => [wire[table[word]] as number, word]));
    return {
      toProto: (word) => wire[table[word]] as Wire[keyof Wire],
      fromProto(value) {
        const word = wordOf.get(value);
        if (word === undefined)
          throw new InvalidRequestError(`The message holds the unknown value ${value}; known are ${words.join(', ')}.`);
        return word;
      },
    };
  };
}

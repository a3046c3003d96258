import { wrap } from '../output/format.ts';
import type { Output } from '../output/output.ts';

/** Tells the story: numbered headings, short paragraphs, blocks that are already laid out. */
export interface Narrator {
  chapter(title: string): void;
  say(paragraph: string): void;
  /** Shown as it is, indented. */
  show(block: string): void;
  /** The story breaks off. */
  fail(message: string): void;
}

const WIDEST = 100;
const INDENT = '   ';

export function makeNarrator({ line, columns, colors }: Pick<Output, 'line' | 'columns' | 'colors'>): Narrator {
  const width = Math.min(columns, WIDEST) - INDENT.length;
  let chapters = 0;
  return {
    chapter(title) {
      chapters += 1;
      line();
      line(colors.bold(`${chapters}. ${title}`));
    },
    say(paragraph) {
      for (const text of wrap(paragraph, width)) line(`${INDENT}${text}`);
    },
    show(block) {
      line();
      for (const text of block.split('\n')) line(text === '' ? '' : `${INDENT}${text}`);
      line();
    },
    fail(message) {
      line();
      for (const text of message.split('\n').flatMap((part) => wrap(part, width))) line(colors.red(text));
    },
  };
}

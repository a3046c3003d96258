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
export const INDENT = '   ';

export function makeNarrator({ line, columns, colors }: Pick<Output, 'line' | 'columns' | 'colors'>): Narrator {
  const width = Math.min(columns, WIDEST) - INDENT.length;
  let chapters = 0;
  let endsBlank = true;
  const write = (text: string) => {
    line(text);
    endsBlank = text === '';
  };
  const blank = () => {
    if (!endsBlank) write('');
  };
  return {
    chapter(title) {
      chapters += 1;
      blank();
      write(colors.bold(`${chapters}. ${title}`));
    },
    say(paragraph) {
      for (const text of wrap(paragraph, width)) write(`${INDENT}${text}`);
    },
    show(block) {
      blank();
      for (const text of block.split('\n')) write(text === '' ? '' : `${INDENT}${text}`);
      blank();
    },
    fail(message) {
      blank();
      // Indented lines are quoted from a log and stay as they are.
      const lines = message.split('\n').flatMap((part) => (part.startsWith(' ') ? [part] : wrap(part, width)));
      for (const text of lines) write(colors.red(text));
    },
  };
}

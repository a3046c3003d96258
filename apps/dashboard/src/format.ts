const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return join([Math.floor(whole / MINUTE), 'min'], [whole % MINUTE, 's']);
  if (whole < DAY) return join([Math.floor(whole / HOUR), 'h'], [Math.floor((whole % HOUR) / MINUTE), 'min']);
  return join([Math.floor(whole / DAY), 'd'], [Math.floor((whole % DAY) / HOUR), 'h']);
}

/** When a job starts: likely, and if things go slowly. */
export function expectedStart(start: { p50: number; p90: number } | null): string {
  if (start === null) return 'not as things stand';
  if (start.p90 === 0) return 'now';
  return start.p50 === start.p90 ? `in ${duration(start.p50)}` : `in ${duration(start.p50)}, ${duration(start.p90)} if things go slowly`;
}

function join(large: [number, string], small: [number, string]): string {
  return small[0] === 0 ? large.join(' ') : `${large.join(' ')} ${small.join(' ')}`;
}

/** `3 min ago` at `now`, of an instant in unix seconds. */
export function ago(at: number, now: Date): string {
  const seconds = now.getTime() / 1000 - at;
  if (seconds < 5) return 'just now';
  const [amount = '', unit = ''] = duration(seconds).split(' ');
  return `${amount} ${unit} ago`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(size: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, size)) / 10)));
  return `${trim(size / 1024 ** power, power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/** Whole numbers as people read them: `31,162`. */
export function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** `1 job`, `1,200 jobs`. */
export function amount(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** A loss, a rate, a share: four digits that matter. */
export function figure(number: number | null | undefined): string {
  if (number == null) return '–';
  if (number !== 0 && Math.abs(number) < 0.001) return number.toExponential(2);
  return String(Number(number.toPrecision(4)));
}

/** Small sums keep the digits that tell them from nothing. */
export function dollars(amount: number): string {
  if (amount !== 0 && amount < 0.01) return `$${amount.toFixed(4)}`;
  return `$${amount.toFixed(2)}`;
}

export function percent(share: number): string {
  return `${trim(share * 100, 1)}\u{a0}%`;
}

/** A unix instant in the reader's own time zone. */
export function dateTime(at: number): string {
  return new Date(at * 1000).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
}

/** `17:05` of a unix instant. */
export function clockTime(at: number): string {
  return new Date(at * 1000).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

function trim(number: number, digits: number): string {
  return String(Number(number.toFixed(digits)));
}

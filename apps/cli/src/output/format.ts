const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0.4 s`, `12 s`, `3 min 20 s`, `1 h 02 min`, `2 d 3 h`: two units at most, none that adds nothing. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds < 10) return `${trimZeros(Math.max(0, seconds).toFixed(1))} s`;
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${pad(whole % MINUTE)} s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${pad(Math.floor((whole % HOUR) / MINUTE))} min`;
  return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

/** `0:07`, `3:22`, `1:02:05`: where there is little room and it changes all the time. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / MINUTE) % 60;
  const hours = Math.floor(whole / HOUR);
  return hours === 0 ? `${minutes}:${pad(whole % MINUTE)}` : `${hours}:${pad(minutes)}:${pad(whole % MINUTE)}`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `512 B`, `1.5 KiB`, `36 MiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const scaled = bytes / 1024 ** power;
  return `${trimZeros(scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1))} ${BYTE_UNITS[power]}`;
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `12.3 %`; small shares keep two figures: `0.042 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent >= 1) return `${trimZeros(percent.toFixed(1))} %`;
  return `${Number(percent.toPrecision(2))} %`;
}

/** Dollars with the cents that matter: `$0.0042`, `$0.60`, `$1.25`. */
export function formatCost(usd: number): string {
  return usd === 0 || usd >= 0.1 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(4)}`;
}

/** Four figures for a loss; `–` while there is none. */
export function formatLoss(loss: number | null): string {
  return loss === null ? '–' : loss.toFixed(4);
}

/** `2.0e-3`, the way in which learning rates are written. */
export function formatLearningRate(learningRate: number | null): string {
  return learningRate === null ? '–' : learningRate.toExponential(1);
}

/** Unix seconds as `2026-11-24 14:41`, in the given time zone (the machine's by default). */
export function formatInstant(unixSeconds: number, timeZone?: string): string {
  const options = { dateStyle: 'short', timeStyle: 'short', ...(timeZone === undefined ? {} : { timeZone }) } as const;
  // Swedish dates are ISO dates.
  return new Intl.DateTimeFormat('sv-SE', options).format(new Date(unixSeconds * 1000));
}

/** `text` in at most `width` characters of one line. */
export function shorten(text: string, width: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= width ? line : `${line.slice(0, Math.max(1, width - 1)).trimEnd()}…`;
}

/** `text` broken at spaces into lines of at most `width` characters; a longer word keeps a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

function trimZeros(decimal: string): string {
  return decimal.replace(/\.0+$/, '');
}

import type uPlot from 'uplot';

export interface PlotShape {
  lines: readonly [name: string, hue: number, kind: 'line' | 'faint' | 'points'][];
  width: number;
  height: number;
  isLog: boolean;
  /** The x axis shows instants. */
  isTime: boolean;
  scheme: 'light' | 'dark';
}

/** Told apart without their hue too: neighbours differ in lightness. */
const PALETTE = {
  light: ['#1971c2', '#d9480f', '#2b8a3e', '#862e9c'],
  dark: ['#74c0fc', '#ffa94d', '#8ce99a', '#e599f7'],
};
const INK = { light: { text: '#495057', grid: '#e9ecef' }, dark: { text: '#c9c9c9', grid: '#383838' } };
const LOGARITHMIC = 3;
const MINUTE = 60;
const DAY = 86_400;
/** By the seconds between two marks: what stands at each, and what a new year and a new day put below it. */
const TIME_MARKS: uPlot.Axis.Values = [
  [DAY, '{MMM} {D}', '\n{YYYY}', null, null, null, null, null, 1],
  [MINUTE, '{HH}:{mm}', '\n{MMM} {D}', null, '\n{MMM} {D}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{MMM} {D}', null, '\n{MMM} {D}', null, null, null, 1],
];

export function plotOptions({ lines, width, height, isLog, isTime, scheme }: PlotShape): uPlot.Options {
  const ink = INK[scheme];
  const axis: uPlot.Axis = { stroke: ink.text, grid: { stroke: ink.grid, width: 1 }, ticks: { stroke: ink.grid, width: 1 } };
  return {
    width,
    height,
    scales: { x: { time: isTime }, y: isLog ? { distr: LOGARITHMIC } : {} },
    axes: [isTime ? { ...axis, values: TIME_MARKS } : axis, { ...axis, size: 60, values: (_plot, ticks) => ticks.map(tick) }],
    series: [
      isTime ? { label: 'time', value: '{YYYY}-{MM}-{DD} {HH}:{mm}' } : { label: 'step' },
      ...lines.map(([name, hue, kind]) => series(name, PALETTE[scheme][hue % 4] ?? ink.text, kind)),
    ],
    legend: { show: height > 200 },
    cursor: { drag: { x: true, y: false } },
  };
}

function series(label: string, color: string, kind: PlotShape['lines'][number][2]): uPlot.Series {
  const value = (_plot: uPlot, figure: number | null) => (figure === null ? '–' : String(Number(figure.toPrecision(4))));
  if (kind === 'points') return { label, stroke: color, value, width: 1.5, spanGaps: true, points: { show: true, size: 6, fill: color } };
  const isFaint = kind === 'faint';
  return { label, stroke: isFaint ? `${color}88` : color, value, width: isFaint ? 1 : 2, spanGaps: true, points: { show: false } };
}

/** Null is a mark of a logarithmic axis that has no number. */
function tick(value: number | null): string {
  if (value === null) return '';
  if (value !== 0 && (Math.abs(value) < 0.000_1 || Math.abs(value) >= 100_000)) return value.toExponential(0);
  return String(Number(value.toPrecision(4)));
}

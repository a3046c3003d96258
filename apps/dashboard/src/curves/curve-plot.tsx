import { Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { plotOptions } from './plot-options.ts';

export interface PlotLine {
  name: string;
  values: readonly (number | null)[];
  /** Which of the palette's colours. */
  hue: number;
  /** `points` joins its few values across the gaps between them. */
  kind: 'line' | 'faint' | 'points';
}

interface CurvePlotProps {
  /** What it shows, for those who cannot see it. */
  label: string;
  steps: readonly number[];
  lines: readonly PlotLine[];
  height: number;
  isLog?: boolean;
  /** The steps are instants, in unix seconds. */
  isTime?: boolean;
}

/** A canvas that is drawn anew only where its lines, its size or the theme change; new data keeps the reader's zoom. */
export function CurvePlot({ label, steps, lines, height, isLog = false, isTime = false }: CurvePlotProps) {
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme('light');
  const shape = JSON.stringify(lines.map(({ name, hue, kind }) => [name, hue, kind]));
  const data: uPlot.AlignedData = [[...steps], ...lines.map(({ values }) => [...values])];
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    if (canvas.current === null || width === 0) return;
    const made = new uPlot(plotOptions({ lines: JSON.parse(shape), width, height, isLog, isTime, scheme }), latest.current, canvas.current);
    plot.current = made;
    return () => made.destroy();
  }, [shape, width, height, isLog, isTime, scheme]);

  useEffect(() => {
    const shown = plot.current;
    if (shown === null) return;
    const zoomed = isZoomed(shown);
    shown.setData(latest.current, !zoomed);
    if (zoomed) shown.redraw();
  });

  return (
    <div ref={ref} className="plot">
      <Text size="xs" fw={600}>
        {label}
      </Text>
      <div ref={canvas} role="img" aria-label={label} data-points={steps.length} />
    </div>
  );
}

/** A plot that has not been drawn yet has no range. */
function isZoomed({ scales, data }: uPlot): boolean {
  const { min, max } = scales.x ?? {};
  return min != null && max != null && (min !== data[0]?.[0] || max !== data[0]?.at(-1));
}

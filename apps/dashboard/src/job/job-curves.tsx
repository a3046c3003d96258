import type { CurveObject, CurvePoint } from '@capstan/core';
import { Group, Select, SimpleGrid, Slider, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { alignCurves } from '../curves/align-curves.ts';
import { CurvePlot, type PlotLine } from '../curves/curve-plot.tsx';
import { smooth } from '../curves/smooth.ts';
import { figure } from '../format.ts';
import { useCurve } from '../queries/job-records.ts';
import { useLatestJobs } from '../queries/jobs.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

const COMPARABLE = 50;

/** The curves of a job, and of another one beside it. */
export function JobCurves({ id }: { id: string }) {
  const curve = useCurve(id);
  const [other, setOther] = useState<string | null>(null);
  const [smoothing, setSmoothing] = useState(0.6);
  const [isLog, setLog] = useState(false);
  return (
    <Section title="Curves" actions={<CompareWith id={id} value={other} onChange={setOther} />}>
      <Group gap="lg" mb="sm">
        <Switch label="Logarithmic" checked={isLog} onChange={(event) => setLog(event.currentTarget.checked)} />
        <Group gap="sm">
          <Text size="sm">Smoothing</Text>
          <Slider
            w={160}
            min={0}
            max={0.98}
            step={0.02}
            value={smoothing}
            onChange={setSmoothing}
            thumbLabel="Smoothing"
            label={(value) => value.toFixed(2)}
          />
        </Group>
        <Text size="xs" c="dimmed">
          Drag to zoom, double-click to see all.
        </Text>
      </Group>
      <Loaded query={curve}>
        {(own) =>
          own.data.length === 0 ? (
            <Text>The first step has not been reported yet.</Text>
          ) : other === null ? (
            <Plots curves={[{ name: 'this job', curve: own }]} smoothing={smoothing} isLog={isLog} />
          ) : (
            <WithOther own={own} other={other} smoothing={smoothing} isLog={isLog} />
          )
        }
      </Loaded>
    </Section>
  );
}

function CompareWith({ id, value, onChange }: { id: string; value: string | null; onChange: (id: string | null) => void }) {
  const jobs = useLatestJobs(undefined, COMPARABLE);
  const others = jobs.data?.data.filter((job) => job.id !== id && job.capstan.progress !== null) ?? [];
  return (
    <Select
      aria-label="Compare with another job"
      placeholder="Compare with …"
      size="xs"
      w={230}
      searchable
      clearable
      data={others.map((job) => job.id)}
      value={value}
      onChange={onChange}
    />
  );
}

interface PlotSettings {
  smoothing: number;
  isLog: boolean;
}

function WithOther({ own, other, ...settings }: { own: CurveObject; other: string } & PlotSettings) {
  const second = useCurve(other);
  const curves = [{ name: 'this job', curve: own }];
  if (second.data) curves.push({ name: other.slice(-6), curve: second.data });
  return <Plots curves={curves} {...settings} />;
}

type NamedCurve = { name: string; curve: CurveObject };

function Plots({ curves, smoothing, isLog }: { curves: readonly NamedCurve[] } & PlotSettings) {
  const only = (name: string, figureOf: (point: CurvePoint) => number | null) => linesOf(curves, { name, figureOf });
  const last = curves[0]?.curve.data.at(-1);
  const lossLabel = `Loss: ${figure(last?.train_loss)} at step ${last?.step ?? 0}`;
  return (
    <>
      <CurvePlot label={lossLabel} height={300} isLog={isLog} {...lossLines(curves, smoothing)} />
      <SimpleGrid cols={{ base: 1, md: 2 }} mt="md">
        <CurvePlot label="Learning rate" height={150} {...only('learning rate', (point) => point.learning_rate)} />
        <CurvePlot label="Tokens per second" height={150} {...only('tokens/s', (point) => point.tokens_per_second)} />
        <CurvePlot label="Gradient norm" height={150} {...only('gradient norm', (point) => point.grad_norm)} />
        <CurvePlot label="Memory, MiB" height={150} {...only('memory', memoryMib)} />
      </SimpleGrid>
    </>
  );
}

const MIB = 1024 * 1024;

function memoryMib({ memory_bytes: bytes }: CurvePoint): number | null {
  return bytes === null ? null : bytes / MIB;
}

const named = (name: string, index: number, curves: readonly NamedCurve[]) =>
  curves.length === 1 ? name : `${name}, ${curves[index]?.name}`;

function lossLines(curves: readonly NamedCurve[], smoothing: number): { steps: number[]; lines: PlotLine[] } {
  const objects = curves.map(({ curve }) => curve);
  const { steps, values: train } = alignCurves(objects, (point) => point.train_loss);
  const { values: evaluations } = alignCurves(objects, (point) => point.eval_loss);
  const lines = curves.flatMap((_, index): PlotLine[] => {
    const values = train[index] ?? [];
    const smoothed: PlotLine[] =
      smoothing > 0 ? [{ name: named('smoothed', index, curves), hue: 2 * index, values: smooth(values, smoothing), kind: 'line' }] : [];
    return [
      { name: named('train', index, curves), hue: 2 * index, values, kind: smoothing > 0 ? 'faint' : 'line' },
      ...smoothed,
      { name: named('eval', index, curves), hue: 2 * index + 1, values: evaluations[index] ?? [], kind: 'points' },
    ];
  });
  return { steps, lines };
}

function linesOf(
  curves: readonly NamedCurve[],
  { name, figureOf }: { name: string; figureOf: (point: CurvePoint) => number | null },
): { steps: number[]; lines: PlotLine[] } {
  const { steps, values } = alignCurves(
    curves.map(({ curve }) => curve),
    figureOf,
  );
  return { steps, lines: values.map((line, index) => ({ name: named(name, index, curves), hue: 2 * index, values: line, kind: 'line' })) };
}

import type { CurveObject, CurvePoint } from '@capstan/core';

/** The same figure of several runs over all their steps; null where a run has no point. */
export function alignCurves(
  curves: readonly CurveObject[],
  figureOf: (point: CurvePoint) => number | null,
): { steps: number[]; values: (number | null)[][] } {
  const steps = [...new Set(curves.flatMap(({ data }) => data.map(({ step }) => step)))].sort((a, b) => a - b);
  const values = curves.map(({ data }) => {
    const byStep = new Map(data.map((point) => [point.step, figureOf(point)]));
    return steps.map((step) => byStep.get(step) ?? null);
  });
  return { steps, values };
}

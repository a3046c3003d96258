import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const documented = new Set(read('docs/metrics.md').match(/capstan_[a-z_]+/g));

/** A histogram is documented under its own name and asked for by its buckets. */
const metricsIn = (text: string) => [...new Set(text.match(/capstan_[a-z_]+/g) ?? [])].map((name) => name.replace(/_bucket$/, ''));

describe('monitoring', () => {
  it.each(['k8s/monitoring/grafana-dashboard.json', 'k8s/monitoring/alerts.yaml'])('%s asks for documented metrics only', (path) => {
    const names = metricsIn(read(path));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !documented.has(name))).toEqual([]);
  });

  it('has a dashboard that Grafana can read: each panel with a place, a title and a query', () => {
    const { panels } = JSON.parse(read('k8s/monitoring/grafana-dashboard.json')) as {
      panels: { title: string; targets: unknown[]; gridPos: object }[];
    };
    for (const panel of panels) expect(panel).toMatchObject({ title: expect.stringMatching(/\w/), gridPos: { w: expect.any(Number) } });
    expect(panels.every(({ targets }) => targets.length > 0)).toBe(true);
  });
});

/*
 * Counters, histograms and gauges in the text format of Prometheus 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats,
 * read 2026-11-30). Our own, for the format is small and stable, and the usual library had its last release in 2024.
 */

/** Names and values of the labels of a series; a family has the same names in all of them. */
export type Labels = Readonly<Record<string, string | number>>;

export interface Counter {
  add(labels: Labels, by?: number): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** What a gauge or a counter kept elsewhere says when it is asked; undefined: nothing is known, no line is written. */
export type Reading = number | undefined | readonly (readonly [Labels, number])[];

export type Registry = ReturnType<typeof createRegistry>;

/** A set of metrics. Names follow the conventions of Prometheus: unit at the end, `_total` for counters. */
export function createRegistry() {
  const families: (() => string)[] = [];
  const family = (name: string, type: string, help: string, series: () => string): void =>
    void families.push(() => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${series()}`);

  /** Asked at each scrape. */
  const read = (name: string, type: string, help: string, reading: () => Reading): void =>
    family(name, type, help, () => {
      const value = reading();
      if (value === undefined) return '';
      if (typeof value === 'number') return line(name, '', value);
      return value.map(([labels, each]) => line(name, keyOf(labels), each)).join('');
    });

  return {
    counter(name: string, help: string): Counter {
      const series = new Map<string, number>();
      family(name, 'counter', help, () => [...series].map(([key, value]) => line(name, key, value)).join(''));
      return {
        add(labels, by = 1) {
          const key = keyOf(labels);
          series.set(key, (series.get(key) ?? 0) + by);
        },
      };
    },

    /** `bounds` are upper bounds, ascending. */
    histogram(name: string, help: string, bounds: readonly number[]): Histogram {
      const series = new Map<string, { counts: number[]; sum: number }>();
      family(name, 'histogram', help, () =>
        [...series].map(([key, { counts, sum }]) => histogramLines(name, key, bounds, counts, sum)).join(''),
      );
      return {
        observe(labels, value) {
          const key = keyOf(labels);
          let one = series.get(key);
          if (one === undefined) series.set(key, (one = { counts: bounds.map(() => 0).concat(0), sum: 0 }));
          let bucket = 0;
          while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
          one.counts[bucket]! += 1;
          one.sum += value;
        },
      };
    },

    gauge: (name: string, help: string, reading: () => Reading): void => read(name, 'gauge', help, reading),

    /** A counter that somebody else keeps. */
    total: (name: string, help: string, reading: () => Reading): void => read(name, 'counter', help, reading),

    /** All of it. */
    render: (): string => families.map((each) => each()).join(''),
  };
}

/** `name="value",…`; what a series is kept under as well. */
function keyOf(labels: Labels): string {
  let key = '';
  for (const name in labels) key += `${key === '' ? '' : ','}${name}="${escape(labels[name]!)}"`;
  return key;
}

const escape = (value: string | number): string =>
  typeof value === 'string' && /["\\\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : String(value);

const line = (name: string, key: string, value: number): string => `${name}${key === '' ? '' : `{${key}}`} ${value}\n`;

function histogramLines(
  name: string,
  key: string,
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
): string {
  const before = key === '' ? '' : `${key},`;
  let total = 0;
  let lines = '';
  for (const [i, count] of counts.entries()) {
    total += count;
    lines += line(`${name}_bucket`, `${before}le="${bounds[i] ?? '+Inf'}"`, total);
  }
  return `${lines}${line(`${name}_sum`, key, sum)}${line(`${name}_count`, key, total)}`;
}

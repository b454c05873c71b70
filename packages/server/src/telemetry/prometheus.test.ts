import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRegistry } from './prometheus.ts';

test('a counter has a line a series, a histogram cumulative buckets, a gauge what is so now', () => {
  const { counter, histogram, gauge, render } = createRegistry();
  const requests = counter('requests_total', 'Requests.');
  requests.add({ method: 'GET', status: 200 });
  requests.add({ method: 'GET', status: 200 }, 2);
  requests.add({ method: 'POST', status: 503 });
  const seconds = histogram('seconds', 'Time.', [0.1, 1]);
  for (const value of [0.1, 0.25, 5]) seconds.observe({ route: '/a' }, value);
  gauge('up', 'Whether it answers.', () => [[{ store: 'a' }, 1]]);
  gauge('unknown', 'Nothing is known.', () => undefined);
  expect(render()).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{method="GET",status="200"} 3
requests_total{method="POST",status="503"} 1
# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{route="/a",le="0.1"} 1
seconds_bucket{route="/a",le="1"} 2
seconds_bucket{route="/a",le="+Inf"} 3
seconds_sum{route="/a"} 5.35
seconds_count{route="/a"} 3
# HELP up Whether it answers.
# TYPE up gauge
up{store="a"} 1
# HELP unknown Nothing is known.
# TYPE unknown gauge
`);
});

test('whatever a label says, it stays in its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '"', '\\', '\n', '}', ',', '=') }), (value) => {
      const { counter, render } = createRegistry();
      counter('n', 'N.').add({ label: value });
      const [, written] = /^n\{label="((?:[^"\\\n]|\\["\\n])*)"\} 1$/m.exec(render()) ?? [];
      expect(written?.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))).toBe(value);
    }),
  );
});

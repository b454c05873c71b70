import { expect, test } from 'vitest';
import { planMemory } from './memory.ts';

test.each([
  [24_000, { engine: 2_000e6, bodies: 268_435_456 }],
  [4_096, { engine: 1_365_333_333, bodies: 256e6 }],
  [2_048, { engine: 682_666_666, bodies: 128e6 }],
  [1_024, { engine: 400e6, bodies: 64e6 }],
])('of %i MB the parts get their share', (memoryMb, plan) => {
  expect(planMemory(memoryMb)).toEqual(plan);
});

test('without a setting the machine decides', () => {
  const { engine, bodies } = planMemory(undefined);
  expect(engine).toBeGreaterThanOrEqual(400e6);
  expect(bodies).toBeGreaterThanOrEqual(64e6);
});

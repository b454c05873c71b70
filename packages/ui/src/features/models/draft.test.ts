import type { Model } from '@tracehouse/contract/models';
import { NewModel } from '@tracehouse/contract/models';
import { expect, test } from 'vitest';
import { draftOf, emptyDraft, rescaled, toNewModel } from './draft.ts';

const model: Model = {
  id: 'm',
  createdAt: '2026-11-01T00:00:00.000Z',
  modelName: 'acme',
  matchPattern: '^acme$',
  startDate: '2026-11-01T00:00:00.000Z',
  tokenizerId: 'openai',
  tokenizerConfig: { tokenizerModel: 'gpt-4', tokensPerMessage: 3 },
  unit: 'TOKENS',
  inputPrice: 7e-8,
  outputPrice: 0.000002,
  totalPrice: null,
  prices: {},
  isLangfuseManaged: false,
  pricingTiers: [
    {
      id: '0',
      name: 'Standard',
      isDefault: true,
      priority: 0,
      conditions: [],
      prices: { input: 7e-8, output: 0.000002 },
    },
    {
      id: '2',
      name: 'Large',
      isDefault: false,
      priority: 7,
      conditions: [
        { usageDetailPattern: '^input', operator: 'gt', value: 1000, caseSensitive: true },
        { source: 'metadata', key: 'team', operator: 'in', values: ['red'] },
      ],
      prices: { input: 1e-7 },
    },
  ],
};

test('a model that is opened and saved stays as it is, whatever unit its prices are shown for', () => {
  for (const draft of [draftOf(model), rescaled(draftOf(model), 0), rescaled(rescaled(draftOf(model), 0), 6)]) {
    const saved = toNewModel(draft);
    const tiers = 'model' in saved ? (saved.model.pricingTiers ?? []) : [];
    expect(tiers.map(({ prices, conditions }) => ({ prices, conditions }))).toEqual(
      model.pricingTiers.map(({ prices, conditions }) => ({ prices, conditions })),
    );
    expect(saved).toEqual({
      model: {
        modelName: 'acme',
        matchPattern: '^acme$',
        startDate: '2026-11-01',
        unit: 'TOKENS',
        tokenizerId: 'openai',
        tokenizerConfig: { tokenizerModel: 'gpt-4', tokensPerMessage: 3 },
        pricingTiers: [
          expect.objectContaining({ name: 'Standard', priority: 0 }),
          expect.objectContaining({ name: 'Large', priority: 1 }),
        ],
      },
    });
    expect(NewModel.safeParse('model' in saved ? saved.model : null).success).toBe(true);
  }
});

test('what cannot be saved is said in words', () => {
  const draft = emptyDraft('acme-2026-09-01');
  expect(toNewModel(draft)).toEqual({ problem: 'Give at least one price.' });
  const [tier] = draft.tiers;
  tier!.prices[0]!.text = 'a lot';
  expect(toNewModel(draft)).toEqual({ problem: "'a lot' is not a price. Write a number such as 2.50." });
  tier!.prices[0]!.text = '2.50';
  expect(toNewModel(draft)).toMatchObject({ model: { pricingTiers: [{ prices: { input: 0.0000025 } }] } });
  expect(toNewModel({ ...draft, modelName: ' ' })).toEqual({ problem: 'Give the model a name.' });
  tier!.prices.push({ key: -1, usageType: 'input', text: '1' });
  expect(toNewModel(draft)).toEqual({ problem: 'input has two prices.' });
});

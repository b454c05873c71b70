import type { TierCondition, UsageCondition } from '@tracehouse/contract/models';
import { Plus, X } from 'lucide-react';
import { Button } from '../../components/Button.tsx';
import { fieldClass } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { type DraftPrice, type DraftTier, newPrice } from './draft.ts';
import { usageWords } from './prices.ts';

/** Class names of an input of a form. */
const narrowClass = `${fieldClass} code`;

interface TierFieldsProps {
  tier: DraftTier;
  isDefault: boolean;
  /** "USD a million tokens". */
  perUnits: string;
  onChange: (tier: DraftTier) => void;
  onRemove: () => void;
}

/** The prices of a tier, and when it holds. The default one has no conditions. */
export function TierFields({ tier, isDefault, perUnits, onChange, onRemove }: TierFieldsProps) {
  const setPrice = (next: DraftPrice) =>
    onChange({ ...tier, prices: tier.prices.map((price) => (price.key === next.key ? next : price)) });
  const addCondition = (next: TierCondition) => onChange({ ...tier, conditions: [...tier.conditions, next] });
  const setCondition = (at: number, next: TierCondition) =>
    onChange({ ...tier, conditions: tier.conditions.map((condition, i) => (i === at ? next : condition)) });
  return (
    <fieldset className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1 flex w-full items-center gap-2 font-medium">
        {isDefault ? (
          <>
            Prices <span className="font-normal text-text-3">{perUnits}</span>
          </>
        ) : (
          <>
            <label className="flex items-center gap-2">
              Tier
              <input
                value={tier.name}
                maxLength={200}
                onChange={(event) => onChange({ ...tier, name: event.target.value })}
                className={fieldClass}
              />
            </label>
            <span className="flex-1" />
            <Button compact look="quiet" onClick={onRemove}>
              Remove tier
            </Button>
          </>
        )}
      </legend>
      {!isDefault && (
        <div className="flex flex-col gap-1.5">
          <p className="text-small text-text-3">Holds when all of these hold:</p>
          {tier.conditions.map((condition, at) => (
            <ConditionFields
              key={at}
              condition={condition}
              onChange={(next) => setCondition(at, next)}
              onRemove={() => onChange({ ...tier, conditions: tier.conditions.filter((_, i) => i !== at) })}
            />
          ))}
          <div className="flex gap-2">
            <Button
              compact
              onClick={() =>
                addCondition({ usageDetailPattern: '^input', operator: 'gt', value: 200_000, caseSensitive: false })
              }
            >
              <Icon of={Plus} small /> Usage
            </Button>
            <Button
              compact
              onClick={() =>
                addCondition({ source: 'model_parameters', key: 'service_tier', operator: 'in', values: ['flex'] })
              }
            >
              <Icon of={Plus} small /> Parameter or metadata
            </Button>
          </div>
        </div>
      )}
      {tier.prices.map((price) => {
        const name = price.usageType || 'new price';
        return (
          <div key={price.key} className="flex items-center gap-2">
            <input
              aria-label={`Usage type of ${name}`}
              value={price.usageType}
              maxLength={200}
              list="usage-types"
              placeholder="usage type"
              spellCheck={false}
              onChange={(event) => setPrice({ ...price, usageType: event.target.value })}
              className={`${narrowClass} flex-1`}
            />
            <span aria-hidden className="text-text-3">
              $
            </span>
            <input
              aria-label={`Price of ${name}, ${perUnits}`}
              value={price.text}
              inputMode="decimal"
              placeholder="–"
              onChange={(event) => setPrice({ ...price, text: event.target.value })}
              className={`${narrowClass} w-32 text-right`}
            />
            <Button
              compact
              square
              look="quiet"
              aria-label={`Remove the price of ${name}`}
              onClick={() => onChange({ ...tier, prices: tier.prices.filter(({ key }) => key !== price.key) })}
            >
              <Icon of={X} small />
            </Button>
          </div>
        );
      })}
      <div>
        <Button compact onClick={() => onChange({ ...tier, prices: [...tier.prices, newPrice()] })}>
          <Icon of={Plus} small /> Price
        </Button>
      </div>
      {isDefault && (
        <datalist id="usage-types">
          {Object.entries(usageWords).map(([type, words]) => (
            <option key={type} value={type}>
              {words}
            </option>
          ))}
        </datalist>
      )}
    </fieldset>
  );
}

const operators: Record<UsageCondition['operator'], string> = {
  gt: 'more than',
  gte: 'at least',
  lt: 'less than',
  lte: 'at most',
  eq: 'exactly',
  neq: 'not',
};

interface ConditionFieldsProps {
  condition: TierCondition;
  onChange: (condition: TierCondition) => void;
  onRemove: () => void;
}

function ConditionFields({ condition, onChange, onRemove }: ConditionFieldsProps) {
  return (
    <div className="flex items-center gap-2 text-small text-text-2">
      {'usageDetailPattern' in condition ? (
        <>
          Usage like
          <input
            aria-label="Pattern of usage types"
            value={condition.usageDetailPattern}
            maxLength={200}
            onChange={(event) => onChange({ ...condition, usageDetailPattern: event.target.value })}
            className={`${narrowClass} w-30 flex-1`}
          />
          is
          <select
            aria-label="Comparison"
            value={condition.operator}
            onChange={(event) => onChange({ ...condition, operator: event.target.value as UsageCondition['operator'] })}
            className={fieldClass}
          >
            {Object.entries(operators).map(([operator, words]) => (
              <option key={operator} value={operator}>
                {words}
              </option>
            ))}
          </select>
          <input
            aria-label="Units"
            type="number"
            value={condition.value}
            onChange={(event) => onChange({ ...condition, value: event.target.valueAsNumber || 0 })}
            className={`${narrowClass} w-28 text-right`}
          />
        </>
      ) : (
        <>
          <select
            aria-label="Where it is"
            value={condition.source}
            onChange={(event) => onChange({ ...condition, source: event.target.value as typeof condition.source })}
            className={fieldClass}
          >
            <option value="model_parameters">Parameter</option>
            <option value="metadata">Metadata</option>
          </select>
          <input
            aria-label="Key"
            value={condition.key}
            maxLength={200}
            onChange={(event) => onChange({ ...condition, key: event.target.value })}
            className={`${narrowClass} w-30`}
          />
          is one of
          <input
            aria-label="Values, with commas between them"
            value={condition.values.join(', ')}
            onChange={(event) => onChange({ ...condition, values: event.target.value.split(/,\s*/u) })}
            className={`${narrowClass} w-30 flex-1`}
          />
        </>
      )}
      <Button compact square look="quiet" aria-label="Remove the condition" onClick={onRemove}>
        <Icon of={X} small />
      </Button>
    </div>
  );
}

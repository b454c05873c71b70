import type { ObservationDetail } from '@tracehouse/contract/x-traces';
import { formatCostExact, formatCostLine, formatCount } from '../../components/formats.ts';
import { Section } from './PanelFrame.tsx';
import { receiptLines } from './receipt.ts';

/** What the call cost and why: each usage with its price, set like a receipt. */
export function ReceiptSection({ detail }: { detail: ObservationDetail }) {
  const { lines, totalUnits } = receiptLines(detail);
  return (
    <Section title="Cost">
      <div className="code text-text-2">
        {lines.map((line) => (
          <div key={line.type} className="flex items-baseline gap-2 whitespace-pre">
            <span className="truncate">{line.label}</span>
            <span className="leader" />
            <span className="text-text-3">
              {formatCount(line.units)}
              {line.pricePerMillion !== null && ` × $${line.pricePerMillion}/M`}
            </span>
            <span className="w-22 text-right text-text">{line.cost === null ? '–' : formatCostLine(line.cost)}</span>
          </div>
        ))}
        <div className="mt-1 flex items-baseline gap-2 border-t border-text-2 pt-0.75 font-medium whitespace-pre text-text">
          <span>total</span>
          <span className="leader" />
          <span className="font-normal text-text-3">{totalUnits > 0 && `${formatCount(totalUnits)} tokens`}</span>
          <span
            className="w-22 text-right"
            data-testid="total-cost"
            title={detail.totalCost === null ? undefined : formatCostExact(detail.totalCost)}
          >
            {detail.totalCost === null ? '–' : formatCostLine(detail.totalCost)}
          </span>
        </div>
      </div>
      <p className="mt-1 text-small text-text-3">{noteOf(detail)}</p>
    </Section>
  );
}

function noteOf({ costSource, totalCost, model, modelId, pricingTierName, usage }: ObservationDetail): string {
  if (costSource === 'client') return 'Cost sent by the client.';
  if (totalCost !== null) {
    const tier = pricingTierName === null || pricingTierName === '' ? '' : `, tier ${pricingTierName}`;
    return `Price row ${modelId ?? model ?? 'unknown'}${tier}. Usage reported by the client.`;
  }
  if (model === null) return 'No model was named, so no price applies.';
  return Object.keys(usage).length === 0
    ? 'No usage was reported, so the cost is unknown.'
    : `No price for model ${model}.`;
}

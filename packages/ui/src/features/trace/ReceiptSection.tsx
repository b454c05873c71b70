import type { ObservationDetail } from '@tracehouse/contract/x-traces';
import { useState } from 'react';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { formatCostExact, formatCostLine, formatCount } from '../../components/formats.ts';
import { AddPriceDialog } from '../models/AddPriceDialog.tsx';
import { Section } from './PanelFrame.tsx';
import { receiptLines } from './receipt.ts';

/** What the call cost and why: each usage with its price, set like a receipt. */
export function ReceiptSection({ detail }: { detail: ObservationDetail }) {
  const { project } = useProject();
  const { lines, totalUnits } = receiptLines(detail);
  // Stays open when the call has its price: what else the model changes is still to be offered.
  const [pricing, setPricing] = useState<string>();
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
      {detail.costGap === 'price' ? (
        <div className="mt-1.5 flex items-center gap-3 text-small">
          <p className="min-w-0 text-warn">
            No price for model <bdi className="font-medium break-all">{detail.model}</bdi>.
          </p>
          <Button
            compact
            onClick={() => setPricing(detail.model ?? '')}
            disabledBecause={missingRole(project, 'ADMIN')}
          >
            Add price
          </Button>
        </div>
      ) : (
        <p className="mt-1 text-small text-text-3">{noteOf(detail)}</p>
      )}
      {detail.usageSource === 'counted' && (
        <p className="mt-1 text-small text-text-3">
          The client reported no tokens; these were counted from input and output.
        </p>
      )}
      <AddPriceDialog model={pricing} close={() => setPricing(undefined)} />
    </Section>
  );
}

function noteOf({ costSource, totalCost, model, modelId, pricingTierName, usageSource }: ObservationDetail): string {
  if (costSource === 'client') return 'Cost sent by the client.';
  if (totalCost !== null) {
    const tier = pricingTierName === null || pricingTierName === '' ? '' : `, tier ${pricingTierName}`;
    const usage = usageSource === 'client' ? ' Usage reported by the client.' : '';
    return `Price row ${modelId ?? model ?? 'unknown'}${tier}.${usage}`;
  }
  return model === null ? 'No model was named, so no price applies.' : 'No usage was reported, so the cost is unknown.';
}

import { listReceipts, readReceipt, readWhereabouts } from '@tracehouse/contract/x-receipts';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Ledger } from './service.ts';

export const ledgerRoutes = (ledger: Ledger): BoundRoute[] => [
  bind(listReceipts, ({ scope, query }) => ledger.list(scope, query)),
  bind(readReceipt, ({ scope, params }) => ledger.get(scope, params.receiptId)),
  bind(readWhereabouts, ({ scope, params }) => ledger.whereabouts(scope, params.traceId)),
];

import { readFacets } from '@tracehouse/contract/x-facets';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { Facets } from './service.ts';

export const facetsRoutes = (facets: Facets): BoundRoute[] => [
  bind(readFacets, ({ scope, query, signal }) => facets.read(scope, query, signal)),
];

import {
  type AuditExportQuery,
  exportAuditLog,
  exportOrganizationAuditLog,
  listAuditLog,
  listOrganizationAuditLog,
  readAuditLine,
  readOrganizationAuditLine,
} from '@tracehouse/contract/x-audit-log';
import { Answer, bind, type BoundRoute } from '../../http/bind.ts';
import type { AuditLog } from './service.ts';
import type { LogScope } from './store.ts';

export const auditRoutes = (log: AuditLog): BoundRoute[] => [
  bind(listAuditLog, ({ scope, query }) => log.list(scope, query)),
  bind(readAuditLine, ({ scope, params }) => log.get(scope, params.lineId)),
  bind(exportAuditLog, ({ scope, query }) => file(log, scope, query)),
  bind(listOrganizationAuditLog, ({ organization, query }) => log.list(organization, query)),
  bind(readOrganizationAuditLine, ({ organization, params }) => log.get(organization, params.lineId)),
  bind(exportOrganizationAuditLog, ({ organization, query }) => file(log, organization, query)),
];

const types = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' };

const file = (log: AuditLog, scope: LogScope, query: AuditExportQuery): Answer<unknown> =>
  new Answer(log.export(scope, query), {
    headers: {
      'content-type': types[query.format],
      'content-disposition': `attachment; filename="audit-log.${query.format}"`,
      'cache-control': 'no-store',
    },
  });

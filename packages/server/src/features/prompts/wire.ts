import { DEFAULT_LABEL, type Prompt } from '@tracehouse/contract/prompts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { VersionRow } from './store.ts';

/** As recorded, writes of v2 do not say whether a version is active. */
export const toWire = (
  { projectId }: ProjectScope,
  row: VersionRow,
  { saysActive }: { saysActive: boolean },
): Prompt => ({
  id: row.id,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  projectId,
  createdBy: row.created_by ?? 'API',
  prompt: row.prompt,
  name: row.name,
  version: row.version,
  type: row.type,
  isActive: saysActive ? row.labels.includes(DEFAULT_LABEL) : null,
  config: row.config,
  tags: row.tags,
  labels: row.labels,
  commitMessage: row.commit_message,
});

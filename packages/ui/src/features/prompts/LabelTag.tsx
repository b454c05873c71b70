import { DEFAULT_LABEL } from '@tracehouse/contract/prompts';
import { Tag } from '../../components/Tag.tsx';

/** A label; that of what is live stands out. */
export const LabelTag = ({ label }: { label: string }) => (
  <Tag tone={label === DEFAULT_LABEL ? 'ok' : 'plain'} title={label}>
    {label}
  </Tag>
);

import { TriangleAlert } from 'lucide-react';
import { useProject } from '../../../app/useProject.ts';
import { Icon } from '../../../components/Icon.tsx';
import { Failure, Loading, SkeletonRows } from '../../../components/states.tsx';
import type { PromptText } from '@tracehouse/contract/prompts';
import { VersionText } from '../VersionText.tsx';
import { usePreview } from './useEditing.ts';

/** What a caller will get: the text with all it includes, or why that cannot be. */
export function Preview({ name, prompt }: { name: string; prompt: PromptText }) {
  const { project } = useProject();
  const preview = usePreview(project.id, name, prompt);
  if (preview.isPending) {
    return <Loading label="Loading the preview" skeleton={<SkeletonRows rows={4} widths={['w-16', 'flex-1']} />} />;
  }
  if (preview.isError) {
    return <Failure what="the preview" error={preview.error} retry={() => void preview.refetch()} />;
  }
  const { resolved, problem, included } = preview.data;
  return (
    <div className="flex flex-col gap-3" aria-busy={preview.isPlaceholderData}>
      {problem !== null && (
        <p role="alert" className="flex items-start gap-1.5 text-danger">
          <Icon of={TriangleAlert} small className="mt-0.75" />
          <span className="min-w-0 break-words">{problem}</span>
        </p>
      )}
      {included.length > 0 ? (
        <ul className="flex flex-col gap-0.5 text-small text-text-2">
          {included.map(({ tag, name: child, label, version }, at) => (
            <li key={at} className="min-w-0 break-words" title={tag}>
              Includes <bdi className="code text-text">{child}</bdi>
              {label !== null && ` by label ${label}`}
              {version === null ? ', which is not there' : `, version ${version}`}
            </li>
          ))}
        </ul>
      ) : (
        problem === null && <p className="text-small text-text-3">Includes no other prompt: it goes out as written.</p>
      )}
      {resolved !== null && (
        <div>
          <VersionText prompt={resolved} included={[]} isResolved />
        </div>
      )}
    </div>
  );
}

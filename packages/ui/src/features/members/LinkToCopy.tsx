import { CopyButton } from '../../components/CopyButton.tsx';

export const LinkToCopy = ({ link }: { link: string }) => (
  <div className="flex items-center gap-2 bg-sunken px-3 py-2">
    <span className="code min-w-0 flex-1 break-all">{link}</span>
    <CopyButton text={link} label="Copy link" />
  </div>
);

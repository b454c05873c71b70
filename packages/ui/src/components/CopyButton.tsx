import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './Button.tsx';
import { copyText } from './copy-text.ts';
import { Icon } from './Icon.tsx';

interface CopyButtonProps {
  text: string;
  /** What is copied: "Copy trace id". */
  label: string;
  className?: string;
  /** Shows the label beside the icon. */
  labelled?: boolean;
}

const CONFIRMED_MS = 1500;

export function CopyButton({ text, label, className, labelled = false }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), CONFIRMED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => setCopied(await copyText(text));
  return (
    <Button
      compact
      square={!labelled}
      look="quiet"
      aria-label={labelled ? undefined : label}
      title={labelled ? undefined : label}
      className={className}
      onClick={() => void copy()}
    >
      <Icon of={copied ? Check : Copy} small className={copied ? 'text-ok' : 'text-text-3'} />
      {labelled && label}
      <span role="status" className="sr-only">
        {copied ? 'Copied' : ''}
      </span>
    </Button>
  );
}

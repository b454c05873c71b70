import { useEffect } from 'react';

/** `Traces · prod · Tracehouse`; the most special part first. */
export function useDocumentTitle(...parts: string[]): void {
  const title = [...parts, 'Tracehouse'].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
}

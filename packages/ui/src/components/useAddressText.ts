import { useEffect, useRef, useState } from 'react';
import { useSettled } from './useSettled.ts';

/** What is typed, and in the address once it stands; a link or going back changes it too. */
export function useAddressText(inAddress: string, write: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(inAddress);
  const written = useRef(inAddress);
  const settled = useSettled(text);
  useEffect(() => {
    if (settled === written.current) return;
    written.current = settled;
    write(settled);
    // oxlint-disable-next-line react/exhaustive-deps -- only when what is typed has settled
  }, [settled]);
  useEffect(() => {
    if (inAddress === written.current) return;
    written.current = inAddress;
    setText(inAddress);
  }, [inAddress]);
  return [text, setText];
}

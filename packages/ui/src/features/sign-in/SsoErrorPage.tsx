import { getRouteApi, Link } from '@tanstack/react-router';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { EntryFrame, OtherWays } from './EntryFrame.tsx';
import { explainSsoRefusal } from './sso-refusals.ts';
import { useRefusal } from './useSso.ts';

const route = getRouteApi('/auth/error');

/** Why a sign-in at a provider was refused, and what to do. */
export function SsoErrorPage() {
  useDocumentTitle('Not signed in');
  const { error = 'Unknown' } = route.useSearch();
  const refusal = useRefusal();
  // The server says whose sign-in it was; a link that somebody else made says nothing but a code.
  const known = refusal.data?.code === error ? refusal.data : { provider: null, email: null };
  return (
    <EntryFrame title="Not signed in">
      {refusal.isPending ? null : (
        <p role="alert" className="break-words text-text" dir="auto">
          {explainSsoRefusal(error, known)}
          <span className="mt-1 block text-small text-text-3">{error.slice(0, 50)}</span>
        </p>
      )}
      <OtherWays>
        <Link to="/sign-in">Back to sign-in</Link>
      </OtherWays>
    </EntryFrame>
  );
}

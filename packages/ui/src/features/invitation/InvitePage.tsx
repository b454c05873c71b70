import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import {
  acceptInvitation,
  readInvitation,
  signUpInvited,
  type AcceptedInvitation,
  type InvitationOffer,
} from '@tracehouse/contract/x-invitations';
import { useState, type FormEvent } from 'react';
import { call } from '../../api/call.ts';
import { refreshPlaces, roleWords, signOut, useSession } from '../../app/session.ts';
import { SignInForm } from '../../app/SignInForm.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { NewPasswordField } from '../../components/NewPasswordField.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';
import { Time } from '../../components/Time.tsx';
import { EntryFrame } from '../sign-in/EntryFrame.tsx';

/** The page of an invitation's link: who invites, into what, and how to come in. The token is behind `#`, in nobody's log. */
export function InvitePage() {
  const [token] = useState(() => location.hash.slice(1));
  useDocumentTitle('Invitation');
  const offer = useQuery({
    queryKey: ['invitation', token],
    queryFn: ({ signal }) => call(readInvitation, { body: { token }, signal }),
    retry: false,
    enabled: token !== '',
  });
  if (offer.data) return <Offer token={token} offer={offer.data} />;
  return (
    <EntryFrame title="Invitation">
      {token === '' ? (
        <p>This link is not complete. Open it again from where it was sent to you.</p>
      ) : offer.isError ? (
        <Failure what="the invitation" error={offer.error} retry={() => void offer.refetch()} />
      ) : (
        <Loading label="Loading the invitation" skeleton={<SkeletonRows rows={3} widths={['flex-1']} />} />
      )}
    </EntryFrame>
  );
}

function Offer({ token, offer }: { token: string; offer: InvitationOffer }) {
  const session = useSession();
  const isMe = session?.user.email === offer.email;
  return (
    <EntryFrame title={`Join ${offer.organization}`}>
      <p className="mb-4 text-text-2">
        {offer.invitedBy ?? 'An administrator'} invites <strong className="font-medium text-text">{offer.email}</strong>{' '}
        as {roleWords[offer.role]}
        {offer.project !== null && ` in project ${offer.project}`}. Open until <Time at={offer.expiresAt} />.
      </p>
      {session && !isMe ? (
        <OtherPerson email={session.user.email} offer={offer} />
      ) : session ? (
        <Accept token={token} organization={offer.organization} />
      ) : offer.hasAccount ? (
        <SignInForm email={offer.email} onDone={() => undefined} />
      ) : (
        <SignUp token={token} offer={offer} />
      )}
    </EntryFrame>
  );
}

function OtherPerson({ email, offer }: { email: string; offer: InvitationOffer }) {
  const client = useQueryClient();
  const leave = useMutation({ mutationFn: () => signOut(client), onSuccess: () => location.reload() });
  return (
    <>
      <p className="mb-3 text-text-2">
        You are signed in as {email}. Sign out, then come in as {offer.email}.
      </p>
      <div className="flex gap-2">
        <Button look="primary" onClick={() => leave.mutate()}>
          Sign out
        </Button>
        <Link to="/" className="leading-7">
          Stay signed in
        </Link>
      </div>
    </>
  );
}

/** The first page inside. */
function useEnter() {
  const client = useQueryClient();
  const router = useRouter();
  return async ({ organizationId, projectId }: AcceptedInvitation) => {
    await refreshPlaces(client, router);
    await (projectId === null
      ? router.navigate({ to: '/organization/$organizationId', params: { organizationId } })
      : router.navigate({ to: '/project/$projectId', params: { projectId } }));
  };
}

function Accept({ token, organization }: { token: string; organization: string }) {
  const enter = useEnter();
  const accept = useMutation({ mutationFn: () => call(acceptInvitation, { body: { token } }), onSuccess: enter });
  return (
    <>
      {accept.isError && (
        <p role="alert" className="mb-3 text-small text-danger">
          {accept.error.message}
        </p>
      )}
      <Button look="primary" onClick={() => accept.mutate()}>
        {accept.isPending ? 'Joining …' : `Join ${organization}`}
      </Button>
    </>
  );
}

function SignUp({ token, offer }: { token: string; offer: InvitationOffer }) {
  const enter = useEnter();
  const signUp = useMutation({
    mutationFn: (person: { name: string; password: string }) => call(signUpInvited, { body: { token, ...person } }),
    onSuccess: enter,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (!signUp.isPending) {
      signUp.mutate({ name: String(form.get('name')).trim(), password: String(form.get('password')) });
    }
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      {/* For password managers; who may come in is in the invitation. */}
      <Field label="E-mail" name="email" value={offer.email} readOnly autoComplete="username" />
      <Field label="Name" name="name" required maxLength={100} autoComplete="name" />
      <NewPasswordField />
      {signUp.isError && (
        <p role="alert" className="text-small text-danger">
          {signUp.error.message}
        </p>
      )}
      <Button type="submit" look="primary">
        {signUp.isPending ? 'Joining …' : `Sign up and join ${offer.organization}`}
      </Button>
    </form>
  );
}

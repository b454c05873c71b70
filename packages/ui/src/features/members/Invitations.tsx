import type { Invitation, SentInvitation } from '@tracehouse/contract/x-invitations';
import { useState } from 'react';
import { roleWords } from '../../app/session.ts';
import { Button } from '../../components/Button.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Failure } from '../../components/states.tsx';
import { Time } from '../../components/Time.tsx';
import { tell, tellError } from '../../components/toasts.tsx';
import { SentLink } from './InviteDialog.tsx';
import { useInvitations, useRenewInvitation, useRevokeInvitation } from './useMembers.ts';

/** Addresses that were invited and have not come yet. Nothing when there are none. */
export function Invitations({ organizationId }: { organizationId: string }) {
  const invitations = useInvitations(organizationId);
  const renew = useRenewInvitation(organizationId);
  const revoke = useRevokeInvitation(organizationId);
  const [sent, setSent] = useState<SentInvitation | null>(null);
  if (invitations.isError) {
    return <Failure what="invitations" error={invitations.error} retry={() => void invitations.refetch()} />;
  }
  if (!invitations.data?.data.length) return null;
  const fail = { onError: (error: Error) => tellError(error.message) };
  return (
    <section className="mt-6">
      <h3 className="mb-1 text-lead">Invited</h3>
      <ul className="border-t">
        {invitations.data.data.map((invitation) => (
          <li key={invitation.id} className="flex min-h-11 items-center gap-3 border-b">
            <span className="flex min-w-0 flex-1 flex-col">
              <span className="truncate font-medium">{invitation.email}</span>
              <span className="truncate text-small text-text-3">
                {whatItGives(invitation)}
                {invitation.invitedBy !== null && ` · by ${invitation.invitedBy}`} ·{' '}
                {invitation.isExpired ? (
                  <span className="text-warn">expired</span>
                ) : (
                  <>
                    open until <Time at={invitation.expiresAt} />
                  </>
                )}
              </span>
            </span>
            <Button
              compact
              aria-label={`New link for ${invitation.email}`}
              onClick={() => renew.mutate(invitation.id, { onSuccess: setSent, ...fail })}
            >
              New link
            </Button>
            <Button
              compact
              aria-label={`Take back the invitation of ${invitation.email}`}
              onClick={() =>
                revoke.mutate(invitation.id, {
                  onSuccess: () => tell(`Took back the invitation of ${invitation.email}`),
                  ...fail,
                })
              }
            >
              Take back
            </Button>
          </li>
        ))}
      </ul>
      <Dialog title="New link" open={sent !== null} onClose={() => setSent(null)} wide>
        {sent && <SentLink sent={sent} />}
        <Button look="primary" onClick={() => setSent(null)}>
          Done
        </Button>
      </Dialog>
    </section>
  );
}

const whatItGives = ({ role, project }: Invitation): string =>
  project === null ? `${roleWords[role]} in all projects` : `${roleWords[project.role]} in ${project.name}`;

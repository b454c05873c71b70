import type { Role } from '@tracehouse/contract/roles';
import type { SentInvitation } from '@tracehouse/contract/x-invitations';
import { useState, type FormEvent } from 'react';
import { useOrganization } from '../../app/useOrganization.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Field, fieldClass } from '../../components/Field.tsx';
import { LinkToCopy } from './LinkToCopy.tsx';
import { RoleSelect } from './RoleSelect.tsx';
import { useInvite } from './useMembers.ts';

/** Asks whom to invite, then shows the link. */
export function InviteDialog({ open, close }: { open: boolean; close: () => void }) {
  const organization = useOrganization();
  const invite = useInvite(organization.id);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('MEMBER');
  const [projectId, setProjectId] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (invite.isPending) return;
    invite.mutate(
      projectId === ''
        ? { email: email.trim(), role }
        : { email: email.trim(), role: 'NONE', projectId, projectRole: role },
    );
  };
  if (invite.data) {
    return (
      <Dialog title="Invited" open={open} onClose={close} wide>
        <SentLink sent={invite.data} />
        <Button look="primary" onClick={close}>
          Done
        </Button>
      </Dialog>
    );
  }
  return (
    <Dialog title={`Invite to ${organization.name}`} open={open} onClose={close}>
      <form onSubmit={submit} className="mt-2 flex flex-col gap-3">
        <Field
          label="E-mail"
          type="email"
          value={email}
          required
          maxLength={320}
          placeholder="ada@acme.dev"
          problem={invite.error?.message}
          onChange={(event) => setEmail(event.target.value)}
        />
        <div className="flex gap-3">
          <div className="flex flex-col gap-1 text-small text-text-2">
            <span aria-hidden="true">Role</span>
            <RoleSelect
              label="Role"
              value={role}
              own={organization.role}
              onChange={(chosen) => chosen !== null && setRole(chosen)}
            />
          </div>
          <label className="flex min-w-0 flex-1 flex-col gap-1 text-small text-text-2">
            In
            <select value={projectId} onChange={(event) => setProjectId(event.target.value)} className={fieldClass}>
              <option value="">all projects</option>
              {organization.projects.map(({ id, name }) => (
                <option key={id} value={id}>
                  only {name}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className="flex gap-2">
          <Button type="submit" look="primary">
            {invite.isPending ? 'Inviting …' : 'Invite'}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

/** What to do with a link that was just made. */
export const SentLink = ({ sent }: { sent: SentInvitation }) => (
  <div className="mb-4 flex flex-col gap-2">
    {sent.link === null ? (
      <p className="text-text-2">The link is on its way to {sent.email}.</p>
    ) : (
      <>
        <p className="text-text-2">
          This server sends no mail. Hand this link to {sent.email} yourself; it is not shown again:
        </p>
        <LinkToCopy link={sent.link} />
      </>
    )}
  </div>
);

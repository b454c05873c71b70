import type { Member } from '@tracehouse/contract/x-members';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { missingRole, refreshPlaces, roleWords, useSession } from '../../app/session.ts';
import { OrganizationSettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useOrganization } from '../../app/useOrganization.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { UNKNOWN } from '../../components/formats.ts';
import { Time } from '../../components/Time.tsx';
import { tell, tellError } from '../../components/toasts.tsx';
import { Invitations } from './Invitations.tsx';
import { InviteDialog } from './InviteDialog.tsx';
import { type MemberRow, MembersTable, personColumn } from './MembersTable.tsx';
import { RoleSelect } from './RoleSelect.tsx';
import { RoleTable } from './RoleTable.tsx';
import { managedElsewhere, sourceWords } from './sources.ts';
import { useLeave, useMembers, useRemoveMember, useSetMemberRole } from './useMembers.ts';

export function OrganizationMembersPage() {
  const organization = useOrganization();
  const session = useSession();
  const router = useRouter();
  const client = useQueryClient();
  useDocumentTitle('Members', organization.name);
  const members = useMembers(organization.id);
  const setRole = useSetMemberRole(organization.id);
  const [isInviting, setIsInviting] = useState(false);
  const [removing, setRemoving] = useState<Member | null>(null);
  const blocked = missingRole(organization, 'ADMIN', 'organization');
  const owners = members.data?.data.filter(({ role }) => role === 'OWNER') ?? [];
  const change = (member: Member, role: Member['role']) =>
    setRole.mutate(
      { userId: member.userId, role },
      {
        onSuccess: () => {
          tell(`${member.name ?? member.email} is ${roleWords[role]} now`);
          if (member.userId === session?.user.id) void refreshPlaces(client, router);
        },
        onError: (error) => tellError(error.message),
      },
    );
  const rows = (members.data?.data ?? []).map((member) => ({
    member,
    isSelf: member.userId === session?.user.id,
    own: organization.role,
    blocked,
    change: (role: Member['role']) => change(member, role),
    remove: () => setRemoving(member),
  }));
  return (
    <OrganizationSettingsFrame busy={members.isFetching}>
      <SettingsPage
        title="Members"
        about={
          owners.length === 0
            ? 'Who may enter, and what they may do in all projects.'
            : `Who may enter, and what they may do in all projects. Owners: ${owners.map(({ name, email }) => name ?? email).join(', ')}.`
        }
        action={
          <Button look="primary" onClick={() => setIsInviting(true)} disabledBecause={blocked}>
            Invite
          </Button>
        }
      >
        <MembersTable members={members} rows={rows} columns={columns} />
        {blocked === undefined && <Invitations organizationId={organization.id} />}
        <section className="mt-8 border-t pt-4">
          <h3 className="mb-2 text-lead">What each role may do</h3>
          <p className="mb-2 text-text-2">
            A role in a project counts there instead of the one in the organization. An API key may do everything in its
            project or organization.
          </p>
          <RoleTable />
        </section>
      </SettingsPage>
      <InviteDialog key={String(isInviting)} open={isInviting} close={() => setIsInviting(false)} />
      <RemoveDialog member={removing} isSelf={removing?.userId === session?.user.id} close={() => setRemoving(null)} />
    </OrganizationSettingsFrame>
  );
}

interface Row extends MemberRow<Member> {
  change: (role: Member['role']) => void;
  remove: () => void;
}

const column = tableColumns<Row>();
const columns = [
  personColumn<Row>(),
  column.accessor(({ member }) => member.role, {
    id: 'role',
    header: 'Role',
    cell: ({ row: { original } }) => (
      <RoleSelect
        label={`Role of ${original.member.email}`}
        value={original.member.role}
        own={original.own}
        onChange={(role) => role !== null && original.change(role)}
        disabledBecause={original.blocked}
      />
    ),
    meta: { width: '96px' },
  }),
  column.accessor(({ member }) => member.source, {
    id: 'source',
    header: 'Comes from',
    cell: ({ getValue, row: { original } }) => (
      <span className="flex flex-col text-text-2">
        <span className="truncate" title={managedElsewhere(getValue())}>
          {sourceWords[getValue()]}
        </span>
        {original.member.projectRoles.length > 0 && (
          <span
            className="truncate text-small text-text-3"
            title={original.member.projectRoles
              .map(({ projectName, role }) => `${projectName}: ${roleWords[role]}`)
              .join('\n')}
          >
            other role in{' '}
            {original.member.projectRoles.length === 1
              ? original.member.projectRoles[0]?.projectName
              : `${original.member.projectRoles.length} projects`}
          </span>
        )}
      </span>
    ),
    meta: { width: '152px' },
  }),
  column.accessor(({ member }) => member.lastSignInAt, {
    id: 'last',
    header: 'Last sign-in',
    cell: ({ getValue }) => {
      const at = getValue();
      return at === null ? (
        <span className="data text-text-3">{UNKNOWN}</span>
      ) : (
        <Time at={at} className="data text-text-2" />
      );
    },
    meta: { width: '112px' },
  }),
  column.display({
    id: 'actions',
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row: { original } }) => (
      <Button
        compact
        onClick={original.remove}
        disabledBecause={original.isSelf ? undefined : original.blocked}
        aria-label={original.isSelf ? 'Leave the organization' : `Remove ${original.member.email}`}
      >
        {original.isSelf ? 'Leave' : 'Remove'}
      </Button>
    ),
    meta: { width: '76px', align: 'right' },
  }),
] as unknown as TableColumn<Row>[];

function RemoveDialog({ member, isSelf, close }: { member: Member | null; isSelf: boolean; close: () => void }) {
  const organization = useOrganization();
  const remove = useRemoveMember(organization.id);
  const leave = useLeave(organization.id);
  const navigate = useNavigate();
  const router = useRouter();
  const client = useQueryClient();
  const action = isSelf ? leave : remove;
  const name = member?.name ?? member?.email ?? '';
  const shut = () => {
    remove.reset();
    leave.reset();
    close();
  };
  const confirm = () => {
    if (!member) return;
    if (isSelf) {
      leave.mutate(undefined, {
        onSuccess: async () => {
          shut();
          await navigate({ to: '/organizations' });
          await refreshPlaces(client, router);
        },
      });
    } else {
      remove.mutate(member.userId, {
        onSuccess: () => {
          tell(`Removed ${name}`);
          shut();
        },
      });
    }
  };
  return (
    <Dialog title={isSelf ? `Leave ${organization.name}?` : `Remove ${name}?`} open={member !== null} onClose={shut}>
      <p className="mb-3 text-text-2">
        {isSelf
          ? 'You lose access to all its projects at once. Somebody has to invite you to come back.'
          : `${name} loses access to all projects of ${organization.name} at once. What they made stays, also API keys.`}
      </p>
      {action.isError && (
        <p role="alert" className="mb-3 text-small text-danger">
          {action.error.message}
        </p>
      )}
      <div className="flex gap-2">
        <Button look="danger" onClick={confirm}>
          {action.isPending ? 'Removing …' : isSelf ? 'Leave' : 'Remove'}
        </Button>
        <Cancel close={shut} />
      </div>
    </Dialog>
  );
}

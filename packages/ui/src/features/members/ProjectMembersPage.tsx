import type { Role } from '@tracehouse/contract/roles';
import type { ProjectMember } from '@tracehouse/contract/x-members';
import { Link } from '@tanstack/react-router';
import { missingRole, roleWords, useSession } from '../../app/session.ts';
import { SettingsFrame, SettingsPage } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { tell, tellError } from '../../components/toasts.tsx';
import { type MemberRow, MembersTable, personColumn } from './MembersTable.tsx';
import { RoleSelect } from './RoleSelect.tsx';
import { managedElsewhere, sourceWords } from './sources.ts';
import { useProjectMembers, useSetProjectRole } from './useMembers.ts';

/** Who may do what in one project. */
export function ProjectMembersPage() {
  const { project, organization } = useProject();
  const session = useSession();
  useDocumentTitle('Members', project.name);
  const members = useProjectMembers(project.id);
  const setRole = useSetProjectRole(project.id);
  const blocked = missingRole(project, 'ADMIN');
  const rows = (members.data?.data ?? []).map((member) => ({
    member,
    isSelf: member.userId === session?.user.id,
    own: project.role,
    blocked,
    change: (role: Role | null) =>
      setRole.mutate(
        { userId: member.userId, role },
        {
          onSuccess: () =>
            tell(
              role === null
                ? `For ${member.name ?? member.email} the role in the organization counts again`
                : `${member.name ?? member.email} is ${roleWords[role]} in ${project.name} now`,
            ),
          onError: (error) => tellError(error.message),
        },
      ),
  }));
  return (
    <SettingsFrame busy={members.isFetching}>
      <SettingsPage
        title="Members"
        about={
          <>
            A role given here counts in this project instead of the one in the organization. People are invited in the{' '}
            <Link
              to="/organization/$organizationId/settings/members"
              params={{ organizationId: organization.id }}
              className="underline"
            >
              settings of {organization.name}
            </Link>
            , where the table of roles is too.
          </>
        }
      >
        <MembersTable members={members} rows={rows} columns={columns} />
      </SettingsPage>
    </SettingsFrame>
  );
}

interface Row extends MemberRow<ProjectMember> {
  change: (role: Role | null) => void;
}

const column = tableColumns<Row>();
const columns = [
  personColumn<Row>(),
  column.accessor(({ member }) => member.projectRole, {
    id: 'role',
    header: 'Role here',
    cell: ({ row: { original } }) => (
      <RoleSelect
        label={`Role of ${original.member.email} in this project`}
        value={original.member.projectRole}
        own={original.own}
        onChange={original.change}
        none={`${roleWords[original.member.organizationRole]}, as in the organization`}
        disabledBecause={original.blocked}
      />
    ),
    meta: { width: '232px' },
  }),
  column.accessor(({ member }) => member.source, {
    id: 'source',
    header: 'Comes from',
    cell: ({ getValue }) => (
      <span className="text-text-2" title={managedElsewhere(getValue())}>
        {sourceWords[getValue()]}
      </span>
    ),
    meta: { width: '152px' },
  }),
] as unknown as TableColumn<Row>[];

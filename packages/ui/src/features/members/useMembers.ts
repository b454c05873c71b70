import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  createInvitation,
  listInvitations,
  renewInvitation,
  revokeInvitation,
  type NewInvitation,
} from '@tracehouse/contract/x-invitations';
import {
  listMembers,
  listProjectMembers,
  removeMember,
  removeProjectMember,
  setMemberRole,
  setProjectMemberRole,
} from '@tracehouse/contract/x-members';
import { leaveOrganization } from '@tracehouse/contract/x-organizations';
import type { Role } from '@tracehouse/contract/roles';
import { call } from '../../api/call.ts';

const membersKey = ['members'];

export const useMembers = (organization: string) =>
  useQuery({
    queryKey: [...membersKey, 'of organization', organization],
    queryFn: ({ signal }) => call(listMembers, { organization, signal }),
  });

export const useInvitations = (organization: string) =>
  useQuery({
    queryKey: [...membersKey, 'invitations', organization],
    queryFn: ({ signal }) => call(listInvitations, { organization, signal }),
  });

export const useProjectMembers = (project: string) =>
  useQuery({
    queryKey: [...membersKey, 'of project', project],
    queryFn: ({ signal }) => call(listProjectMembers, { project, signal }),
  });

function useChange<Input, Output>(change: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => client.invalidateQueries({ queryKey: membersKey }),
  });
}

interface RoleChange {
  userId: string;
  role: Role;
}

export const useSetMemberRole = (organization: string) =>
  useChange(({ userId, role }: RoleChange) =>
    call(setMemberRole, { organization, params: { userId }, body: { role } }),
  );

export const useRemoveMember = (organization: string) =>
  useChange((userId: string) => call(removeMember, { organization, params: { userId } }));

export const useLeave = (organizationId: string) =>
  useChange(() => call(leaveOrganization, { params: { organizationId } }));

/** A role of the project's own; null: the organization's counts again. */
export const useSetProjectRole = (project: string) =>
  useChange(({ userId, role }: { userId: string; role: Role | null }) =>
    role === null
      ? call(removeProjectMember, { project, params: { userId } })
      : call(setProjectMemberRole, { project, params: { userId }, body: { role } }),
  );

export const useInvite = (organization: string) =>
  useChange((body: NewInvitation) => call(createInvitation, { organization, body }));

export const useRenewInvitation = (organization: string) =>
  useChange((id: string) => call(renewInvitation, { organization, params: { id } }));

export const useRevokeInvitation = (organization: string) =>
  useChange((id: string) => call(revokeInvitation, { organization, params: { id } }));

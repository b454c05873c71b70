import type { UseQueryResult } from '@tanstack/react-query';
import type { Role } from '@tracehouse/contract/roles';
import type { Member, ProjectMember } from '@tracehouse/contract/x-members';
import { roleWords } from '../../app/session.ts';
import { DataTable, tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';

/** Somebody in a list of members, with who looks at it. */
export interface MemberRow<Someone extends Member | ProjectMember> {
  member: Someone;
  isSelf: boolean;
  /** The role of who looks. */
  own: Role;
  /** Why they may change nothing. */
  blocked: string | undefined;
}

/** Name over address, with what is special. */
export const personColumn = <Row extends MemberRow<Member | ProjectMember>>(): TableColumn<Row> =>
  tableColumns<Row>().display({
    id: 'person',
    header: 'Person',
    cell: ({ row: { original } }) => {
      const { name, email, isDisabled } = original.member;
      return (
        <span className="flex min-w-0 flex-col">
          <span className="truncate font-medium" dir="auto">
            {name ?? email}
            {(isDisabled || original.isSelf) && (
              <span className="font-normal text-text-3"> · {isDisabled ? 'switched off' : 'you'}</span>
            )}
          </span>
          {name !== null && (
            <span className="truncate text-small text-text-3" dir="auto">
              {email}
            </span>
          )}
        </span>
      );
    },
    meta: { width: 'minmax(0, 1fr)' },
  }) as unknown as TableColumn<Row>;

interface MembersTableProps<Row extends MemberRow<Member | ProjectMember>> {
  members: UseQueryResult<unknown>;
  rows: Row[];
  columns: readonly TableColumn<Row>[];
}

/** The members of an organization or a project, as soon as they are known. */
export function MembersTable<Row extends MemberRow<Member | ProjectMember>>({
  members,
  rows,
  columns,
}: MembersTableProps<Row>) {
  if (members.isPending) {
    return <Loading label="Loading members" skeleton={<SkeletonRows rows={4} widths={['flex-1', 'w-24', 'w-16']} />} />;
  }
  if (members.isError) return <Failure what="members" error={members.error} retry={() => void members.refetch()} />;
  return (
    <DataTable
      label="Members"
      rows={rows}
      columns={columns}
      rowKey={({ member }) => member.userId}
      rowName={({ member }) => `${member.name ?? member.email}, ${roleWords[member.role]}`}
      total={rows.length}
      twoLines
      fit
    />
  );
}

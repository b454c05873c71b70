import { organizationScopes, projectScopes, Role, roleMay } from '@tracehouse/contract/roles';
import { Check } from 'lucide-react';
import { Fragment } from 'react';
import { roleWords } from '../../app/session.ts';
import { Icon } from '../../components/Icon.tsx';

type Scope = keyof typeof organizationScopes | keyof typeof projectScopes;

/** What a scope lets one do, in words; a scope without words does not compile. */
const words: Record<Scope, string> = {
  'organization:read': 'See the organization and its projects',
  'organizationMembers:read': 'See its members and their roles',
  'organizationMembers:CUD': 'Invite, change and remove members',
  'projects:create': 'Make projects',
  'projects:transfer_org': 'Move projects to another organization',
  'organization:update': 'Rename the organization',
  'organizationAuditLogs:read': 'Read the audit log of the organization',
  'organization:CRUD_apiKeys': 'Manage API keys of the organization (REST, SCIM)',
  'organization:delete': 'Delete the organization',
  'project:read': 'See the project',
  'traces:read': 'Read traces, observations and sessions',
  'scores:read': 'Read scores',
  'scoreConfigs:read': 'Read score configs',
  'media:read': 'See files',
  'prompts:read': 'Read prompts and their A/B tests',
  'apiKeys:read': 'See API keys, without secrets',
  'projectMembers:read': 'See who has which role in the project',
  'traces:create': 'Send traces',
  'media:create': 'Send files',
  scores: 'Send scores',
  'scores:CUD': 'Change and delete scores',
  'scoreConfigs:CUD': 'Make and change score configs',
  'prompts:CUD': 'Change prompts, move labels, run A/B tests',
  'traces:delete': 'Delete traces',
  'apiKeys:CUD': 'Create and revoke API keys',
  'models:CUD': 'Change models and prices',
  'project:update': 'Rename the project',
  'projectMembers:CUD': 'Give roles in the project',
  'auditLogs:read': 'Read the audit log of the project',
  'promptProtectedLabels:CUD': 'Protect labels of prompts, and move protected ones',
  'project:delete': 'Delete the project with its data',
};

const groups: [title: string, scopes: Scope[]][] = [
  ['In the organization', Object.keys(organizationScopes) as Scope[]],
  ['In a project', Object.keys(projectScopes) as Scope[]],
];

/** What each role may do, from the table that the server itself goes by. */
export const RoleTable = () => (
  <table className="w-full border-collapse text-left">
    <caption className="sr-only">What each role may do</caption>
    <thead>
      <tr className="h-7 border-b text-small text-text-3">
        <th scope="col" className="font-normal">
          What
        </th>
        {Role.options.map((role) => (
          <th key={role} scope="col" className="w-16 text-center font-normal">
            {roleWords[role]}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {groups.map(([title, scopes]) => (
        <Fragment key={title}>
          <tr className="h-8">
            <th scope="rowgroup" colSpan={6} className="pt-2 text-small font-medium text-text-2">
              {title}
            </th>
          </tr>
          {scopes.map((scope) => (
            <tr key={scope} className="h-7 border-b">
              <th scope="row" className="font-normal">
                {words[scope]}
              </th>
              {Role.options.map((role) => (
                <td key={role} className="text-center">
                  {roleMay(role, scope) ? (
                    <>
                      <Icon of={Check} small className="inline text-ok" />
                      <span className="sr-only">yes</span>
                    </>
                  ) : (
                    <span className="text-text-3">
                      <span aria-hidden="true">–</span>
                      <span className="sr-only">no</span>
                    </span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </Fragment>
      ))}
    </tbody>
  </table>
);

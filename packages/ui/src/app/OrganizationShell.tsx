import { Outlet, useNavigate } from '@tanstack/react-router';
import { useKeys } from './keys.ts';
import { Shell } from './Shell.tsx';
import { OrganizationSidebar } from './Sidebar.tsx';
import { useOrganization } from './useOrganization.ts';

/** Sidebar and page of everything about an organization. */
export function OrganizationShell() {
  const { id } = useOrganization();
  const navigate = useNavigate();
  const params = { organizationId: id };
  useKeys([
    {
      key: 'g p',
      does: 'Go to the projects',
      run: () => void navigate({ to: '/organization/$organizationId', params }),
    },
    {
      key: 'g ,',
      does: 'Go to settings',
      run: () => void navigate({ to: '/organization/$organizationId/settings', params }),
    },
  ]);
  return (
    <Shell sidebar={(showKeys) => <OrganizationSidebar showKeys={showKeys} />}>
      <Outlet />
    </Shell>
  );
}

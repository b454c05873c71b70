import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { signOut } from '../../app/session.ts';
import { SideListFrame, sideLink } from '../../app/SideListFrame.tsx';
import { Button } from '../../components/Button.tsx';

/** A person's own account, outside every project. */
export function AccountFrame() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut(client);
    await navigate({ to: '/sign-in' });
  };
  return (
    <div className="flex h-full flex-col bg-panel">
      <SideListFrame
        title="Your account"
        label="Account"
        parent={<Link to="/">Tracehouse</Link>}
        actions={
          <Button look="quiet" onClick={() => void leave()}>
            Sign out
          </Button>
        }
        list={
          <>
            <Link to="/account/profile" {...sideLink}>
              Profile
            </Link>
            <Link to="/account/security" {...sideLink}>
              Security
            </Link>
            <Link to="/account/sessions" {...sideLink}>
              Sessions
            </Link>
          </>
        }
      >
        <div className="min-w-0 flex-1 overflow-auto">
          <div className="max-w-210 px-6 py-4">
            <Outlet />
          </div>
        </div>
      </SideListFrame>
    </div>
  );
}

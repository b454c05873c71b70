import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { signOut } from '../../app/session.ts';
import { TopBar } from '../../app/TopBar.tsx';
import { Button } from '../../components/Button.tsx';

/** A person's own account, outside every project: what there is at the left, the chosen page beside it. */
export function AccountFrame() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut(client);
    await navigate({ to: '/sign-in' });
  };
  return (
    <main className="flex h-full min-h-0 flex-col bg-panel">
      <TopBar title="Your account" parent={<Link to="/">Tracehouse</Link>}>
        <Button look="quiet" onClick={() => void leave()}>
          Sign out
        </Button>
      </TopBar>
      <div className="flex min-h-0 flex-1 max-drawer:flex-col">
        <nav
          aria-label="Account"
          className="w-50 shrink-0 border-r py-2 max-drawer:flex max-drawer:w-full max-drawer:border-r-0 max-drawer:border-b max-drawer:py-0"
        >
          <Link to="/account/profile" className={itemClass} activeProps={active}>
            Profile
          </Link>
          <Link to="/account/security" className={itemClass} activeProps={active}>
            Security
          </Link>
          <Link to="/account/sessions" className={itemClass} activeProps={active}>
            Sessions
          </Link>
        </nav>
        <div className="min-w-0 flex-1 overflow-auto">
          <div className="max-w-210 px-6 py-4">
            <Outlet />
          </div>
        </div>
      </div>
    </main>
  );
}

const itemClass =
  'relative block h-7 px-4 leading-7 text-text-2 no-underline outline-inside hover:bg-hover hover:text-text hover:no-underline aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-text';
const active = { className: 'petrol-edge' };

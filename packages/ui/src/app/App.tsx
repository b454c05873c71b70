import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { CallError } from '../api/call.ts';
import { listenToKeys } from './keys.ts';
import { createAppRouter } from './router.tsx';
import { noticeError } from './session.ts';

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeError }),
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      staleTime: 5000,
      // What the client did wrong stays wrong; a server that is away may come back.
      retry: (failures, error) =>
        failures < 2 && error instanceof CallError && (error.status === 0 || error.status >= 502),
    },
  },
});
const router = createAppRouter(queryClient);

export function App() {
  useEffect(listenToKeys, []);
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}

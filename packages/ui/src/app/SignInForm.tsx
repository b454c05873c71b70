import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Button } from '../components/Button.tsx';
import { Field } from '../components/Field.tsx';
import { explainSignIn, signIn } from './session.ts';

interface SignInFormProps {
  email?: string;
  onDone: () => void;
}

export function SignInForm({ email = '', onDone }: SignInFormProps) {
  const client = useQueryClient();
  const attempt = useMutation({
    mutationFn: (pair: { email: string; password: string }) => signIn(client, pair.email, pair.password),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    attempt.mutate({ email: String(form.get('email')), password: String(form.get('password')) });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <Field label="E-mail" name="email" type="email" autoComplete="username" required defaultValue={email} />
      <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      <p role="alert" className="min-h-4 text-small text-danger empty:min-h-0">
        {attempt.isError && explainSignIn(attempt.error)}
      </p>
      <Button type="submit" look="primary" className="w-full">
        {attempt.isPending ? 'Signing in …' : 'Sign in'}
      </Button>
    </form>
  );
}

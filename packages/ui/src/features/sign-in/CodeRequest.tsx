import type { UseMutationResult } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Button } from '../../components/Button.tsx';
import { Field } from '../../components/Field.tsx';
import { Refusal } from './EntryFrame.tsx';
import { explainRefusal } from './useSignIn.ts';

type Send = UseMutationResult<{ sent: true }, Error, string>;

/** Asks for the address that a code is sent to. */
export function CodeRequest({
  send,
  onSent,
  intro,
  email = '',
}: {
  send: Send;
  onSent: (email: string) => void;
  intro: string;
  email?: string;
}) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const address = String(new FormData(event.currentTarget).get('email'));
    send.mutate(address, { onSuccess: () => onSent(address) });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <p className="text-text-2">{intro}</p>
      <Field label="E-mail" name="email" type="email" autoComplete="username" required defaultValue={email} />
      <Refusal>{send.isError && explainRefusal(send.error)}</Refusal>
      <Button type="submit" look="primary" className="w-full">
        {send.isPending ? 'Sending …' : 'Send code'}
      </Button>
    </form>
  );
}

/** Says where the code went, without saying whether anybody has the address; and sends another. */
export const SentTo = ({ email, send }: { email: string; send: Send }) => (
  <div className="mb-4 text-text-2">
    <p role="status">
      A mail is on its way to{' '}
      <b dir="auto" className="break-words text-text">
        {email}
      </b>
      . The code in it is good for 3 minutes.
    </p>
    <Button compact className="mt-2" onClick={() => send.mutate(email)}>
      {send.isPending ? 'Sending …' : 'Send another code'}
    </Button>
    <Refusal>{send.isError && explainRefusal(send.error)}</Refusal>
  </div>
);

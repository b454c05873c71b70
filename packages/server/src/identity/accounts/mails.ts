import { CODE_MINUTES } from './login-codes.ts';
import type { Mail } from './mailer.ts';

/** In words all of them end with, since anybody may type any address. */
const NOT_YOU =
  'If you did not ask for this, somebody typed your address; nothing has changed, and this mail can be deleted.';

const withCode = (code: string, what: string): string =>
  `${code}\n\nType this code on the page that asks for it to ${what}. It is good for ${CODE_MINUTES} minutes. Give it to nobody.\n\n${NOT_YOU}\n`;

export const resetMail = (to: string, code: string, site: string): Mail => ({
  to,
  subject: 'Code for a new password',
  text: withCode(code, `set a new password at ${site}`),
});

export const verifyMail = (to: string, code: string, site: string): Mail => ({
  to,
  subject: 'Code for your e-mail address',
  text: withCode(code, `verify your e-mail address at ${site}`),
});

/** For who signs up with an address that has an account. */
export const knownAddressMail = (to: string, site: string): Mail => ({
  to,
  subject: 'You have an account already',
  text: `Somebody tried to sign up at ${site} with this address, which has an account there. Sign in with it: ${site}/sign-in\n\nForgot the password? ${site}/reset-password\n\n${NOT_YOU}\n`,
});

/** People choose them: a mail program must not make a link of one. */
const inert = (name: string): string => name.replaceAll('://', ' ').replaceAll(/[.@](?=\S)/g, '$& ');

export const invitationMail = (
  to: string,
  {
    organization,
    invitedBy,
    link,
    days,
  }: { organization: string; invitedBy: string | null; link: string; days: number },
): Mail => ({
  to,
  subject: `Invitation to ${inert(organization)} on Tracehouse`,
  text: `${invitedBy === null ? 'You are' : `${inert(invitedBy)} has`} invited${invitedBy === null ? '' : ' you'} to the organization "${inert(organization)}". Accept here:\n\n${link}\n\nThe link is for you alone and good for ${days} days. If you do not know why you got this mail, delete it: nothing happens.\n`,
});

import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';
import type { Settings } from '../../config/settings.ts';
import { OverloadedError } from '../../http/errors.ts';
import { createSlots } from './slots.ts';

/** Plain text to one address. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

export type Mailer = ReturnType<typeof createMailer>;

const SENDING = 2;
/** Mails not yet sent; what comes then is refused. */
export const MAILS_WAITING = 1000;
/** Pauses between the attempts. */
const RETRY_MS = [1_000, 5_000];
/** A server for mail that says nothing for so long is given up for this attempt. */
const SILENCE_MS = 15_000;
const FINISH_MS = 5_000;

/**
 * Sends mail after the answer that led to it. What is waiting is in memory alone and lost when the process ends: a code is good
 * for three minutes, and no table may hold one. Who needs it asks again.
 */
export function createMailer({
  settings: { mail },
  log,
  retryMs = RETRY_MS,
}: {
  settings: Pick<Settings, 'mail'>;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  retryMs?: readonly number[];
}) {
  const { smtpUrl, from } = mail;
  const transport =
    smtpUrl === undefined || from === undefined
      ? null
      : createTransport({
          url: smtpUrl,
          connectionTimeout: SILENCE_MS,
          greetingTimeout: SILENCE_MS,
          socketTimeout: SILENCE_MS,
          disableFileAccess: true,
          disableUrlAccess: true,
        });
  const inSlot = createSlots({ running: SENDING, waiting: MAILS_WAITING });
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();

  async function send(mail: Mail): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await transport!.sendMail({
          from: { ...from! }, // it writes into what it is given
          to: { name: '', address: mail.to },
          subject: mail.subject,
          text: mail.text,
        });
        return;
      } catch (error) {
        const pause = retryMs[attempt];
        if (pause === undefined || isFinal(error) || closing.signal.aborted) throw error;
        await sleep(pause, undefined, { signal: closing.signal });
      }
    }
  }

  return {
    /** Whether mail can be sent at all. */
    isOn: transport !== null,

    /**
     * Makes a mail and sends it, later: neither the answer nor its time tells what `make` found out. Null: there is nothing to
     * send. A failure is logged. @throws OverloadedError when too many wait
     */
    later(make: () => Promise<Mail | null>): void {
      if (transport === null) throw new Error('mail is not set up');
      if (underWay.size >= MAILS_WAITING) throw new OverloadedError('Too much mail is waiting to be sent', 30);
      const work = inSlot(async () => {
        const mail = await make();
        if (mail !== null && !closing.signal.aborted) await send(mail);
      }).catch((error: unknown) => {
        log.error(reasonOf(error), 'a mail could not be sent');
      });
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },

    /** Resolves when nothing is waiting. */
    async settled(): Promise<void> {
      while (underWay.size > 0) await Promise.all(underWay);
    },

    /** Mails under way get a few seconds, those that wait are dropped. */
    async close(): Promise<void> {
      closing.abort();
      await Promise.race([this.settled(), sleep(FINISH_MS, undefined, { ref: false })]);
      transport?.close();
    },
  };
}

/** The server has understood, and refuses. */
const isFinal = (error: unknown): boolean => ((error as { responseCode?: number }).responseCode ?? 0) >= 500;

/** Without the address: the log is not for knowing who has an account. */
function reasonOf(error: unknown): Record<string, unknown> {
  const { code, command, responseCode, message } = error as Record<string, unknown>;
  return { code, command, responseCode, reason: String(message).replace(/\S+@\S+/g, '…') };
}

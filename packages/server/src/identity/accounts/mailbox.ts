import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail as its server got it. */
export interface ReceivedMail {
  /** Of the envelope: where it goes. */
  to: string[];
  /** The lines before the text, as they came. */
  head: string;
  text: string;
}

/** For tests: a server for mail on loopback that keeps what it is sent. `refuse` may throw for an address. */
export async function openMailbox({ refuse = () => undefined }: { refuse?(address: string): void } = {}) {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onRcptTo({ address }, _session, done) {
      try {
        refuse(address);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    async onData(stream, session, done) {
      const raw = await text(stream);
      const end = raw.indexOf('\r\n\r\n');
      mails.push({
        to: session.envelope.rcptTo.map(({ address }) => address),
        head: raw.slice(0, end),
        text: raw.slice(end + 4).replaceAll('=\r\n', ''),
      });
      done();
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    /** What makes a product send its mail here. */
    env: { SMTP_CONNECTION_URL: `smtp://127.0.0.1:${port}`, EMAIL_FROM_ADDRESS: 'Traces <traces@acme.dev>' },
    /** The code of the newest mail to this address. */
    codeFor: (address: string): string =>
      /^\d{6}$/m.exec(mails.findLast(({ to }) => to.includes(address))?.text ?? '')?.[0] ?? '',
    close: (): Promise<void> => new Promise((resolve) => server.close(resolve)),
  };
}

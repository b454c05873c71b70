import { expect, test } from 'vitest';
import { readSettings } from '../../config/settings.ts';
import { openMailbox } from './mailbox.ts';
import { createMailer } from './mailer.ts';
import { createTestLog } from '../scenario.ts';

async function withMailbox(
  work: (
    mailbox: Awaited<ReturnType<typeof openMailbox>>,
    mailer: ReturnType<typeof mailerFor>['mailer'],
  ) => Promise<void>,
  options: Parameters<typeof openMailbox>[0] = {},
): Promise<ReturnType<typeof mailerFor>['lines']> {
  const mailbox = await openMailbox(options);
  const { mailer, lines } = mailerFor(mailbox.env);
  try {
    await work(mailbox, mailer);
  } finally {
    await mailer.close();
    await mailbox.close();
  }
  return lines;
}
function mailerFor(env: Record<string, string>) {
  const { log, lines } = createTestLog();
  return { mailer: createMailer({ settings: readSettings({ role: 'all', env }), log, retryMs: [0, 0] }), lines };
}
const mail = { to: 'ada@acme.dev', subject: 'Hello', text: 'Here I am.' };

test('a mail has the sender of the settings and one recipient', async () => {
  await withMailbox(async (mailbox, mailer) => {
    mailer.later(async () => mail);
    await mailer.settled();
    expect(mailbox.mails).toMatchObject([{ to: ['ada@acme.dev'], text: 'Here I am.\r\n' }]);
    expect(mailbox.mails[0]?.head).toContain('From: Traces <traces@acme.dev>');
  });
});

test('nothing in a subject, a text or an address becomes another header or recipient', async () => {
  const evil = 'x\r\nBcc: eve@evil.example\r\n\r\nEvil text';
  await withMailbox(async (mailbox, mailer) => {
    mailer.later(async () => ({ ...mail, subject: evil, text: evil }));
    await mailer.settled();
    expect(mailbox.mails).toHaveLength(1);
    expect(mailbox.mails[0]?.to).toEqual(['ada@acme.dev']);
    expect(mailbox.mails[0]?.head).not.toMatch(/^Bcc:/im);
    for (const to of [
      'ada@acme.dev, eve@evil.example',
      'ada@acme.dev\r\nBcc: eve@evil.example',
      'Ada <eve@evil.example>',
    ]) {
      mailer.later(async () => ({ ...mail, to }));
      await mailer.settled();
    }
    expect(mailbox.mails.flatMap(({ to }) => to).filter((to) => to === 'eve@evil.example')).toEqual([]);
    expect(mailbox.mails.map(({ head }) => head).join()).not.toMatch(/^Bcc:/im);
  });
});

test('a server that is busy is tried again, one that refuses is not, and the log names no address', async () => {
  let asked = 0;
  const lines = await withMailbox(
    async (mailbox, mailer) => {
      mailer.later(async () => mail);
      await mailer.settled();
      expect(asked).toBe(2);
      expect(mailbox.mails).toHaveLength(1);
      mailer.later(async () => ({ ...mail, to: 'nobody@acme.dev' }));
      await mailer.settled();
      expect(asked).toBe(3);
    },
    {
      refuse(address) {
        asked += 1;
        if (address.startsWith('nobody'))
          throw Object.assign(new Error(`no such mailbox <${address}>`), { responseCode: 550 });
        if (asked === 1) throw Object.assign(new Error('come back later'), { responseCode: 450 });
      },
    },
  );
  expect(lines).toMatchObject([{ msg: 'a mail could not be sent', responseCode: 550 }]);
  expect(JSON.stringify(lines)).not.toContain('nobody@');
});

test('what cannot be made is logged and takes nothing else with it', async () => {
  const lines = await withMailbox(async (mailbox, mailer) => {
    mailer.later(() => Promise.reject(new Error('Postgres is away')));
    mailer.later(async () => null);
    mailer.later(async () => mail);
    await mailer.settled();
    expect(mailbox.mails).toHaveLength(1);
  });
  expect(lines).toMatchObject([{ reason: 'Postgres is away' }]);
});

test('what waits is bounded', async () => {
  await withMailbox(async (_, mailer) => {
    const gate = Promise.withResolvers<null>();
    for (let i = 0; i < 1000; i += 1) mailer.later(() => gate.promise);
    expect(() => mailer.later(async () => mail)).toThrow('Too much mail');
    gate.resolve(null);
    await mailer.settled();
  });
});

import * as argon2 from '@node-rs/argon2';
import * as bcrypt from '@node-rs/bcrypt';
import { expect, test } from 'vitest';
import { createPasswords, NOBODY } from './passwords.ts';
import { createSlots } from './slots.ts';

const passwords = createPasswords();

test('a password is right for its own hash alone', async () => {
  const hash = await passwords.hash('correct horse');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.verify(hash, 'correct horse')).toEqual({ right: true, outdated: false });
  expect(await passwords.verify(hash, 'correct horsf')).toEqual({ right: false, outdated: false });
});

test.each(['2a', '2b', '2y'] as const)(
  'a bcrypt hash of version %s from elsewhere is good, and outdated',
  async (version) => {
    const hash = await bcrypt.hash('correct horse', { cost: 4, version });
    expect(await passwords.verify(hash, 'correct horse')).toEqual({ right: true, outdated: true });
    expect(await passwords.verify(hash, 'wrong')).toMatchObject({ right: false });
  },
);

test('an argon2 hash of another cost is good, and outdated', async () => {
  const hash = await argon2.hash('correct horse', { memoryCost: 8192, timeCost: 1, parallelism: 1 });
  expect(await passwords.verify(hash, 'correct horse')).toEqual({ right: true, outdated: true });
});

test('nobody has a password, and it costs as much to find out', async () => {
  expect(await passwords.verify(null, '')).toMatchObject({ right: false });
  expect(argon2.parseOptions(NOBODY)).toEqual(argon2.parseOptions(await passwords.hash('x')));
});

test('two run at a time, some wait, and the rest is refused', async () => {
  const inSlot = createSlots({ running: 2, waiting: 3 });
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () =>
      inSlot(async () => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  expect(refused).toMatchObject([{ status: 503 }, { status: 503 }, { status: 503 }]);
  await expect(inSlot(() => Promise.resolve('free again'))).resolves.toBe('free again');
});

test('work that fails gives its slot back', async () => {
  const inSlot = createSlots({ running: 1, waiting: 1 });
  await expect(inSlot(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(inSlot(() => Promise.resolve('next'))).resolves.toBe('next');
});

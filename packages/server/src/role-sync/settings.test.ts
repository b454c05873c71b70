import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { SettingsError } from '../config/settings.ts';
import { jobEnvironment } from './fake-servers.ts';
import { readRoleSyncSettings } from './settings.ts';

const complete = jobEnvironment({ url: 'http://keycloak:8080' }, { url: 'http://platform:3000' });

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readRoleSyncSettings(env);
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
}

test('without anything set every variable that is needed is named', () => {
  expect(problemsOf({}).map((problem) => problem.split(' ')[0])).toEqual([
    'SYNC_KEYCLOAK_URL',
    'SYNC_KEYCLOAK_REALM',
    'SYNC_KEYCLOAK_CLIENT_SECRET',
    'SYNC_TARGET_URL',
    'SYNC_PUBLIC_KEY',
    'SYNC_SECRET_KEY',
    'SYNC_ROLE_MAPPING',
  ]);
});

test('all problems are told at once, and no secret with them', () => {
  const problems = problemsOf({
    ...complete,
    SYNC_KEYCLOAK_URL: 'keycloak:8080',
    SYNC_SECRET_KEY: '',
    SYNC_ROLE_MAPPING: 'admin: KING',
    SYNC_MISSING: 'delete',
    SYNC_MAX_CHANGE_RATIO: '50',
    SYNC_TIMEOUT_S: '30',
  });
  expect(problems).toEqual([
    expect.stringContaining("SYNC_KEYCLOAK_URL: 'keycloak:8080' is not an http or https URL"),
    expect.stringContaining('SYNC_MISSING: '),
    expect.stringContaining('SYNC_MAX_CHANGE_RATIO: '),
    expect.stringContaining('SYNC_SECRET_KEY is not set'),
    expect.stringContaining("SYNC_ROLE_MAPPING: 'admin': 'KING'"),
    expect.stringContaining('SYNC_TIMEOUT_S: '),
  ]);
  expect(problems.join()).not.toContain('secret of the client');
});

test('the defaults change little: nobody is removed or made, and owners stay', () => {
  expect(readRoleSyncSettings(complete)).toMatchObject({
    keycloak: { clientId: 'langfuse-sync', roleSource: 'effective', verifiedOnly: true },
    roles: { precedence: 'highest', protectOwners: true, provision: false, missing: 'leave', disabled: 'none' },
    run: { maxChangeRatio: 0.5, dryRun: false, timeoutS: 600 },
  });
});

test('the mapping may stand in a file, and in one place only', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tracehouse-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'mapping.yaml');
  await writeFile(file, 'admin: ADMIN\ndefault: null\n');
  const { SYNC_ROLE_MAPPING: _mapping, ...others } = complete;
  const { mapping } = readRoleSyncSettings({ ...others, SYNC_ROLE_MAPPING_FILE: file }).roles;
  expect([...mapping.roles]).toEqual([['admin', 'ADMIN']]);
  expect(mapping.fallback).toBeNull();
  expect(problemsOf({ ...complete, SYNC_ROLE_MAPPING_FILE: file })).toEqual([expect.stringContaining('are both set')]);
  expect(problemsOf({ ...others, SYNC_ROLE_MAPPING_FILE: `${file}.gone` })).toEqual([
    expect.stringContaining('cannot be read'),
  ]);
});

test('an order of roles needs a list', () => {
  expect(problemsOf({ ...complete, SYNC_PRECEDENCE: 'first' })).toEqual([expect.stringContaining('must be a list')]);
  expect(
    problemsOf({ ...complete, SYNC_PRECEDENCE: 'first', SYNC_ROLE_MAPPING: '[{admin: ADMIN}, {operator: MEMBER}]' }),
  ).toEqual([]);
});

import { expect, test } from 'vitest';
import { deedOf, nounOf, objectOf } from './words.ts';

test('nouns of the log are written as words', () => {
  expect(['scoreConfig', 'apiKey', 'projectMembership', 'model'].map(nounOf)).toEqual([
    'score config',
    'API key',
    'project membership',
    'model',
  ]);
});

test('what was done, what was tried, and what nobody has a word for', () => {
  const line = { action: 'create', objectType: 'apiKey', refusedFor: null };
  expect(deedOf(line)).toBe('created API key');
  expect(deedOf({ ...line, refusedFor: 'too little' })).toBe('tried to create API key');
  expect(deedOf({ action: 'post', objectType: 'route', refusedFor: 'too little' })).toBe('tried POST');
  expect(deedOf({ ...line, action: 'merge' })).toBe('merge API key');
});

test('an object is its name, else its id', () => {
  expect(objectOf({ objectName: 'name', objectId: 'id' })).toBe('name');
  expect(objectOf({ objectName: null, objectId: 'id' })).toBe('id');
  expect(objectOf({ objectName: null, objectId: null })).toBe('–');
});

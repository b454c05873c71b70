import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, openHarness, type Project } from '../harness.ts';

let harness: Harness;
let project: Project;
const path = '/score-configs';

beforeAll(async () => {
  harness = await openHarness();
  project = await harness.project('configs');
});
afterAll(() => harness.close());

test('a config is answered, read and listed with every field, and what its type lacks is null', async () => {
  const made = await project.post(path, { name: 'accuracy', dataType: 'NUMERIC', minValue: 0, maxValue: 1 });
  expect(made).toMatchObject({
    status: 200,
    body: {
      name: 'accuracy',
      projectId: 'configs',
      dataType: 'NUMERIC',
      isArchived: false,
      minValue: 0,
      maxValue: 1,
      description: null,
      categories: null,
    },
  });
  expect((await project.get(`${path}/${made.body.id}`)).body).toEqual(made.body);
  expect((await project.get(path)).body.data).toContainEqual(made.body);
});

test('a boolean config counts True as 1 and False as 0', async () => {
  const { body } = await project.post(path, { name: 'ok', dataType: 'BOOLEAN', categories: null });
  expect(body.categories).toEqual([
    { label: 'True', value: 1 },
    { label: 'False', value: 0 },
  ]);
});

test('configs are listed newest first, in pages', async () => {
  const many = await harness.project('many');
  for (const name of ['a', 'b', 'c']) {
    harness.wait(1);
    await many.post(path, { name, dataType: 'TEXT' });
  }
  expect((await many.get(`${path}?limit=2`)).body).toMatchObject({
    data: [{ name: 'c' }, { name: 'b' }],
    meta: { page: 1, limit: 2, totalItems: 3, totalPages: 2 },
  });
  expect((await many.get(`${path}?limit=2&page=2`)).body.data).toMatchObject([{ name: 'a' }]);
});

const categories = (...pairs: [string, number][]) => pairs.map(([label, value]) => ({ label, value }));

test.each<[body: object, message: string]>([
  [{ name: 'x' }, 'Invalid input'],
  [{ name: 'x', dataType: 'CORRECTION' }, 'Invalid input'],
  [{ name: '', dataType: 'TEXT' }, 'Too small: expected string to have >=1 characters'],
  [{ name: 'x'.repeat(36), dataType: 'TEXT' }, 'Too big: expected string to have <=35 characters'],
  [{ name: '<b>', dataType: 'TEXT' }, 'Name may hold letters, digits, spaces and _ . ( ) - alone'],
  [{ name: 'x', dataType: 'NUMERIC', minValue: 1, maxValue: 1 }, 'Maximum value must be greater than Minimum value'],
  [{ name: 'x', dataType: 'TEXT', categories: [] }, 'Invalid input: expected undefined, received array'],
  [{ name: 'x', dataType: 'CATEGORICAL' }, 'Invalid input'],
  [{ name: 'x', dataType: 'CATEGORICAL', categories: 'a' }, 'Invalid input: expected array, received string'],
  [
    { name: 'x', dataType: 'CATEGORICAL', categories: [{ label: 'a' }] },
    'Invalid input: expected number, received undefined',
  ],
  [
    { name: 'x', dataType: 'CATEGORICAL', categories: categories(['a', 0], ['a', 1]) },
    'Duplicate category label: a, category labels must be unique',
  ],
  [
    { name: 'x', dataType: 'CATEGORICAL', categories: categories(['a', 0], ['b', 0]) },
    'Duplicate category value: 0, category values must be unique',
  ],
])('%j is refused: %s', async (body, message) => {
  expect(await project.post(path, body)).toMatchObject({
    status: 400,
    body: { message: 'Invalid request data', error: [{ message }] },
  });
});

test('a name may hold letters of any script', async () => {
  expect((await project.post(path, { name: 'Güte (качество)-1.0_x', dataType: 'TEXT' })).status).toBe(200);
});

test('a change keeps what it does not name, and null takes a bound away', async () => {
  const { id } = (await project.post(path, { name: 'n', dataType: 'NUMERIC', minValue: 0, maxValue: 1 })).body;
  harness.wait(1);
  const changed = await project.patch(`${path}/${id}`, { description: 'how right', maxValue: null, isArchived: true });
  expect(changed).toMatchObject({
    status: 200,
    body: { name: 'n', description: 'how right', minValue: 0, maxValue: null, isArchived: true },
  });
  expect(changed.body.updatedAt > changed.body.createdAt).toBe(true);
  expect((await project.get(`${path}/${id}`)).body).toEqual(changed.body);
});

test('a change that its type does not allow is refused, and nothing is changed', async () => {
  const { body } = await project.post(path, { name: 'n', dataType: 'NUMERIC', minValue: 0, maxValue: 1 });
  const text = (await project.post(path, { name: 't', dataType: 'TEXT' })).body;
  const refusals: [string, object, string][] = [
    [body.id, { minValue: 2 }, 'Maximum value must be greater than Minimum value'],
    [body.id, { categories: categories(['a', 0]) }, 'A score config of type NUMERIC has no categories'],
    [text.id, { maxValue: 2 }, 'A score config of type TEXT has no minimum and maximum'],
  ];
  for (const [id, update, message] of refusals) {
    expect(await project.patch(`${path}/${id}`, update)).toMatchObject({ status: 400, body: { message } });
  }
  expect((await project.get(`${path}/${body.id}`)).body).toEqual(body);
});

test('a config that is not there is 404, an empty change 400, and none can be deleted', async () => {
  const message = 'Score config not found within authorized project';
  expect(await project.get(`${path}/nope`)).toMatchObject({ status: 404, body: { message } });
  expect(await project.patch(`${path}/nope`, { name: 'x' })).toMatchObject({ status: 404, body: { message } });
  expect((await project.patch(`${path}/nope`, {})).status).toBe(400);
  expect((await project.delete(`${path}/nope`)).status).toBe(405);
});

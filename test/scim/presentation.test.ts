import { jsonPieces } from '../../src/scim/jsonPieces';
import { listResponse } from '../../src/scim/list';
import { listText, resourceText, type Shown, type Text } from '../../src/scim/presentation';
import { presenterOf } from '../../src/scim/projection';
import { resolveProjection } from '../../src/scim/query';
import type { Resource } from '../../src/scim/resource';
import { frozen } from './patched';
import { groupType, userType } from './resourceTypes';

const base = 'https://host/scim';
const plain = presenterOf({}, userType);

function user(id: string, more: object = {}): Resource {
  return frozen({
    schemas: [userType.schema.id],
    id,
    userName: `user "${id}" [`,
    emails: [{ type: 'work', value: `${id}@example.com` }],
    meta: { resourceType: 'User', version: `W/"${id}"` },
    ...more,
  });
}

function group(members: number): Resource {
  return frozen({
    schemas: [groupType.schema.id],
    id: 'g',
    displayName: 'all',
    members: Array.from({ length: members }, (_, index) => ({ value: `${index}`, $ref: `../Users/${index}` })),
  });
}

const whole = (text: Text | Buffer) =>
  typeof text === 'string' || Buffer.isBuffer(text) ? text.toString() : [...text].join('');
const place = { totalResults: 7, startIndex: 3 };
const list = (shown: readonly Shown[], baseUri = base) => whole(listText(place, shown, baseUri));

test.each([0, 1, 2, 4, 5, 40])('a list of %s is the message with its resources', (count) => {
  const shown = Array.from({ length: count }, (_, index) => ({
    resource: user(`u${index}`),
    type: userType,
    present: plain,
  }));
  const resources = shown.map((one) => JSON.parse(whole(resourceText(one, base))) as Resource);
  for (let times = 0; times < 2; times += 1)
    expect(list(shown)).toBe([...jsonPieces(listResponse(place, resources))].join(''));
  expect(resources.map(({ meta }) => meta?.location)).toEqual(
    shown.map(({ resource }) => `${base}/Users/${resource.id}`),
  );
});

test('a list of one and no more is the message too, again and again, and for whom it is shown otherwise', () => {
  const resource = user('u', { displayName: 'Ünï' });
  const only = { totalResults: 1, startIndex: 1 };
  const other = presenterOf(resolveProjection({ attributes: ['displayName'] }, userType), userType);
  for (const present of [plain, plain, other, plain, plain])
    for (const baseUri of [base, base, 'https://other/scim', base]) {
      const shown = { resource, type: userType, present };
      const message = listResponse(only, [JSON.parse(whole(resourceText(shown, baseUri)))]);
      expect(whole(listText(only, [shown], baseUri))).toBe(JSON.stringify(message));
    }
  const shown = [{ resource, type: userType, present: plain }];
  for (const page of [
    only,
    { totalResults: 2, startIndex: 1 },
    { totalResults: 1 },
    { totalResults: 2, startIndex: 2 },
  ])
    expect(JSON.parse(whole(listText(page, shown, base)))).toMatchObject({ ...page, itemsPerPage: 1 });
});

test('the same resource is shown to each as it asks for it', () => {
  const resource = user('u');
  const read = (attributes?: string, baseUri = base) => {
    const projection = resolveProjection(attributes === undefined ? {} : { attributes: [attributes] }, userType);
    return JSON.parse(
      whole(resourceText({ resource, type: userType, present: presenterOf(projection, userType) }, baseUri)),
    );
  };
  const all = read();
  expect(all).toMatchObject({ userName: 'user "u" [', meta: { location: `${base}/Users/u` } });
  expect(read('emails')).not.toHaveProperty('userName');
  expect(read()).toEqual(all);
  expect(read(undefined, 'https://other')).toMatchObject({ meta: { location: 'https://other/Users/u' } });
  expect(read()).toEqual(all);
});

test('one of very many values comes in pieces, alone and in a list, each time', () => {
  const shown = { resource: group(2_500), type: groupType, present: presenterOf({}, groupType) };
  for (let times = 0; times < 2; times += 1) {
    expect(typeof resourceText(shown, base)).toBe('object');
    const { Resources } = JSON.parse(list([shown, { ...shown, resource: group(1) }]));
    expect(Resources[0].members).toHaveLength(2_500);
    expect(Resources[0].members[2_499].$ref).toBe(`${base}/Users/2499`);
    expect(Resources[1].members).toEqual([{ value: '0', $ref: `${base}/Users/0` }]);
  }
});

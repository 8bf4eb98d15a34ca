import fc from 'fast-check';
import { compilePatch } from '../../src/scim/patch';
import { formatPath } from '../../src/scim/path';
import type { Resource } from '../../src/scim/resource';
import { frozen, type Operation, patched, person } from './patched';
import { ecma, groupType, refusal, userType } from './resourceTypes';

describe('refusals', () => {
  it.each<[Operation, string, string]>([
    [{ op: 'add', path: 'nothing', value: 1 }, 'invalidPath', '"nothing"'],
    [{ op: 'add', path: 'emails[', value: 1 }, 'invalidPath', 'emails['],
    [{ op: 'add', path: 1, value: 1 }, 'invalidPath', 'operation 1'],
    [{ op: 'replace', path: 'name[givenName eq "g"]', value: {} }, 'invalidPath', 'name'],
    [{ op: 'remove' }, 'noTarget', 'path'],
    [{ op: 'remove', path: '' }, 'noTarget', 'path'],
    [{ op: 'replace', path: 'emails[value co "zz"].display', value: 'x' }, 'noTarget', 'emails'],
    [{ op: 'replace', path: 'emails[nothing eq "zz"].display', value: 'x' }, 'noTarget', 'emails'],
    // What can not be understood is never taken for nothing: the attribute would be cleared, or the client deceived.
    [{ op: 'Replace', path: 'name', value: { surname: 'x' } }, 'invalidValue', 'name.surname'],
    [{ op: 'Replace', path: 'emails', value: [{ address: 'a@b' }] }, 'invalidValue', 'emails.address'],
    [{ op: 'Add', path: 'emails', value: { address: 'a@b' } }, 'invalidValue', 'emails.address'],
    [{ op: 'Remove', path: 'emails', value: [{ address: 'a@b' }] }, 'invalidValue', 'emails.address'],
    [{ op: 'Replace', path: 'emails[type eq "work"]', value: { address: 'a@b' } }, 'invalidValue', 'emails.address'],
    [{ op: 'Remove', path: 'emails[kind eq "work"]' }, 'noTarget', '"kind"'],
    [{ op: 'Remove', path: 'emails[type eq "work" and not (kind pr)].display' }, 'noTarget', '"kind"'],
    [{ op: 'replace', value: { surname: 'x', 'emails[kind': 1 } }, 'invalidPath', 'emails[kind'],
    [{ op: 'replace', value: { id: '1', schemas: [], surname: 'x' } }, 'invalidPath', '"surname"'],
    [{ op: 'replace', value: { [ecma]: { surnames: 'x' } } }, 'invalidPath', 'surnames'],
    [{ op: 'add', path: ecma, value: { surnames: 'x' } }, 'invalidPath', 'surnames'],
    [{ op: 'replace', path: 'id', value: 'x' }, 'mutability', '"id"'],
    [{ op: 'replace', path: 'manager.displayName', value: 'x' }, 'mutability', 'manager.displayName'],
    [{ op: 'remove', path: 'groups' }, 'mutability', 'groups'],
    [{ op: 'replace', path: `${ecma}:entryUUID`, value: 'x' }, 'mutability', 'entryUUID'],
    [{ op: 'remove', path: `${ecma}:entryUUID` }, 'mutability', 'entryUUID'],
    [{ op: 'replace', path: 'active', value: 'perhaps' }, 'invalidValue', '"active"'],
    [{ op: 'replace', path: 'title' }, 'invalidValue', 'value'],
    [{ op: 'replace', value: 'x' }, 'invalidValue', 'object'],
    [{ op: 'move', path: 'title' }, 'invalidSyntax', 'operation 1'],
    [{ op: 'remove', path: 'urn:ietf:params:scim:schemas:core:2.0:User' }, 'noTarget', 'core schema'],
  ])('%j: %s', (operation, scimType, detail) => {
    const error = refusal(() => patched([operation]));
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.detail.toLowerCase()).toContain(detail.toLowerCase());
  });

  it.each<[Operation]>([
    [{ op: 'add', path: 'members', value: [{ display: 'x' }] }],
    [{ op: 'add', path: 'members', value: [{ value: 'a' }, { type: 'User' }] }],
    [{ op: 'replace', path: 'members', value: { value: null, display: 'x' } }],
    [{ op: 'remove', path: 'members', value: [{ display: 'x' }] }],
    [{ op: 'add', value: { members: [{ display: 'x' }] } }],
  ])('%j names no member', (operation) => {
    const error = refusal(() => compilePatch({ Operations: [operation] }, groupType));
    expect(error).toMatchObject({ scimType: 'invalidValue', detail: expect.stringContaining('"members"') });
  });

  it.each<[unknown, boolean]>([
    [undefined, true],
    [null, true],
    [[], true],
    [['urn:ietf:params:scim:api:messages:2.0:PatchOp'], true],
    ['URN:ietf:params:scim:api:messages:2.0:PATCHOP', true],
    [[userType.schema.id, 'urn:ietf:params:scim:api:messages:2.0:PatchOp'], true],
    [[userType.schema.id], false],
    [['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], false],
    [['', 1], false],
  ])('schemas %j are those of a PatchOp: %s', (schemas, isOne) => {
    const compile = () => compilePatch({ schemas, Operations: [{ op: 'remove', path: 'title' }] }, userType);
    if (isOne) expect(compile().kind).toBe('patch');
    else
      expect(refusal(compile)).toMatchObject({ scimType: 'invalidSyntax', detail: expect.stringContaining('PatchOp') });
  });

  it.each([[null], [[]], [{}], [{ Operations: [] }], [{ Operations: {} }], [{ Operations: ['x'] }]])(
    '%j is no PatchOp',
    (body) => {
      expect(refusal(() => compilePatch(body, userType)).scimType).toBe('invalidSyntax');
    },
  );

  it('does nothing of a request that fails', () => {
    const before = JSON.stringify(person);
    const operations = [
      { op: 'replace', path: 'title', value: 'u' },
      { op: 'replace', path: 'emails[value co "zz"].type', value: 'x' },
    ];
    expect(refusal(() => patched(operations)).scimType).toBe('noTarget');
    expect(JSON.stringify(person)).toBe(before);
  });

  it('keeps what identifies a member', () => {
    const group: Resource = { id: 'g', displayName: 'G', members: [{ value: 'a' }] };
    const rename = [{ op: 'replace', path: 'members[value eq "a"].value', value: 'b' }];
    expect(refusal(() => patched(rename, group, groupType)).scimType).toBe('mutability');
    const exchange = [{ op: 'replace', path: 'members[value eq "a"]', value: { value: 'b' } }];
    expect(patched(exchange, group, groupType).members).toEqual([{ value: 'b' }]);
  });

  it('knows a member again whether or not its type is told', () => {
    const group: Resource = { id: 'g', displayName: 'G', members: [{ value: 'a' }, { value: 'b', type: 'User' }] };
    const add = [{ op: 'add', path: 'members', value: [{ value: 'a', type: 'User' }, { value: 'b' }] }];
    expect(patched(add, group, groupType).members).toEqual([
      { value: 'a', type: 'User' },
      { value: 'b', type: 'User' },
    ]);
  });

  it('is not polluted by __proto__', () => {
    const body = JSON.parse(
      '{"Operations":[{"op":"add","value":{"__proto__":{"polluted":1},"name":{"__proto__":{"polluted":1},"givenName":"x"}}}]}',
    );
    const after = compilePatch(body, userType).apply(frozen(person));
    expect(after.name).toEqual({ givenName: 'x', familyName: 'f' });
    expect((after as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('changes that need no reading', () => {
  const values = (operations: Operation[], type = groupType) =>
    compilePatch({ operations }, type).valueChanges.map((change) => [
      change.operation,
      formatPath(change.path),
      change.values,
    ]);

  it.each<[string, Operation[], unknown]>([
    [
      'members added',
      [
        {
          op: 'Add',
          path: 'members',
          value: [
            { $ref: null, value: 'a' },
            { value: 'b', type: 'User', display: 'B' },
          ],
        },
      ],
      [['add', 'members', ['a', 'b']]],
    ],
    [
      'members removed by list',
      [{ op: 'Remove', path: 'members', value: [{ value: 'a' }] }],
      [['remove', 'members', ['a']]],
    ],
    [
      'members removed by filter',
      [{ op: 'remove', path: 'members[value eq "a" or value eq "b"]' }],
      [['remove', 'members', ['a', 'b']]],
    ],
    [
      'members removed by their URIs',
      [{ op: 'remove', path: 'members[$ref eq "https://x/scim/Users/a" or $ref eq "../Groups/b"]' }],
      [['remove', 'members', ['a', 'b']]],
    ],
    [
      'both',
      [
        { op: 'add', path: 'members', value: 'a' },
        { op: 'remove', path: 'members[value eq "b"]' },
      ],
      [
        ['remove', 'members', ['b']],
        ['add', 'members', ['a']],
      ],
    ],
    [
      'the last word on a value',
      [
        { op: 'add', path: 'members', value: ['a', 'b'] },
        { op: 'remove', path: 'members', value: ['a'] },
      ],
      [
        ['remove', 'members', ['a']],
        ['add', 'members', ['b']],
      ],
    ],
    ['without a path', [{ op: 'add', value: { members: [{ value: 'a' }] } }], [['add', 'members', ['a']]]],
    ['all removed', [{ op: 'remove', path: 'members' }], []],
    ['replaced', [{ op: 'replace', path: 'members', value: ['a'] }], []],
    [
      'another attribute beside',
      [
        { op: 'add', path: 'members', value: 'a' },
        { op: 'replace', path: 'displayName', value: 'x' },
      ],
      [],
    ],
    ['another filter', [{ op: 'remove', path: 'members[type eq "User"]' }], []],
  ])('%s', (_, operations, expected) => {
    expect(values(operations)).toEqual(expected);
  });

  it('are those of simple values too, and of no values with labels', () => {
    expect(values([{ op: 'add', path: `${ecma}:objectClass`, value: ['x', { value: 'y' }] }], userType)).toEqual([
      ['add', `${ecma}:objectClass`, ['x', 'y']],
    ]);
    expect(values([{ op: 'add', path: 'emails', value: [{ value: 'x', type: 'work' }] }], userType)).toEqual([]);
  });

  const operation = fc.oneof(
    fc.record({
      op: fc.constantFrom('add', 'remove'),
      path: fc.constant('members'),
      value: fc.array(fc.record({ value: fc.constantFrom(...'abcdef') }), { minLength: 1 }),
    }),
    fc.constantFrom(...'abcdef').map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` })),
  );
  const members = fc.uniqueArray(fc.constantFrom(...'abcdef'));

  it('do to a set what apply does to a resource', () => {
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1 }), members, (operations, before) => {
        const change = compilePatch({ Operations: operations }, groupType);
        const set = new Set<unknown>(before);
        for (const { operation, values } of change.valueChanges)
          for (const value of values) set[operation === 'add' ? 'add' : 'delete'](value);
        const after = change.apply({
          displayName: 'g',
          ...(before.length > 0 && { members: before.map((value) => ({ value })) }),
        });
        expect(new Set(((after.members ?? []) as { value: string }[]).map(({ value }) => value))).toEqual(set);
      }),
    );
  });

  it('are applied to many members at once', () => {
    const group: Resource = {
      displayName: 'g',
      members: Array.from({ length: 20_000 }, (_, i) => ({ value: `m${i}`, type: 'User' })),
    };
    const operations = Array.from({ length: 1_000 }, (_, i) => [
      { op: 'remove', path: `members[value eq "m${i}"]` },
      { op: 'add', path: 'members', value: [{ value: `n${i}` }] },
    ]).flat();
    const all = [
      { op: 'add', path: 'members', value: Array.from({ length: 20_000 }, (_, i) => ({ value: `m${i + 10_000}` })) },
    ];
    expect(compilePatch({ Operations: [...all, ...operations] }, groupType).apply(group).members).toHaveLength(30_000);
  });
});

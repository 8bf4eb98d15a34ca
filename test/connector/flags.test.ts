/** Bits of an integer that holds other flags too, as Active Directory's `userAccountControl` does. */
import fc from 'fast-check';
import { activeOf, applyFlow, attributesOf, enabledWhenNew, undoFlow } from '../../src/connector/deprovisioning';
import { type ExportContext, overFreshFlags, updateEntry } from '../../src/connector/export';
import type { Modification } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { Schema } from '../../src/directory/schema';
import type { BitsFlow } from '../../src/mapping/options';
import { schema as demo, objectType } from '../mapping/objectTypes';

const { attributeTypes, ...others } = demo.source();
const schema = Schema.parse({
  ...others,
  attributeTypes: [
    ...attributeTypes,
    "( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )",
  ],
});
const flow: BitsFlow = { action: 'setBits', attribute: 'useraccountcontrol', bits: 2, initial: 512 };
const type = objectType({ schema, disableFlow: flow });
const dn = DN.parse('cn=ada,ou=people,dc=x');
const withFlags = (flags: string) => new Entry(dn, { cn: 'ada', userAccountControl: flags });
const flagsOf = (entry: Entry) => entry.first('userAccountControl');

test.each([
  ['512', true],
  ['514', false],
  ['546', false],
  ['66048', true],
  ['66050', false],
  ['-2147483646', false],
  ['not a number', true],
])('%s is active: %s', (flags, active) => {
  expect(activeOf(type, withFlags(flags), {})).toBe(active);
});

test('an entry without the integer is active, and gets what a new one starts with when it is disabled', () => {
  const bare = new Entry(dn, { cn: 'ada' });
  expect(activeOf(type, bare, {})).toBe(true);
  expect(flagsOf(applyFlow(flow, bare, schema).after)).toBe('514');
  expect(undoFlow(flow, bare, undefined, { container: dn, schema })).toBe(bare);
  expect(flagsOf(applyFlow({ action: 'setBits', attribute: 'userAccountControl', bits: 18 }, bare, schema).after)).toBe(
    '18',
  );
});

test('disabling and enabling touch no other bit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -0x80000000, max: 0x7fffffff }),
      fc.integer({ min: 1, max: 0x7fffffff }),
      (flags, bits) => {
        const own: BitsFlow = { ...flow, bits };
        const { after, previous } = applyFlow(own, withFlags(String(flags)), schema);
        expect(previous).toBeUndefined();
        expect(Number(flagsOf(after))).toBe(flags | bits);
        expect(activeOf(objectType({ schema, disableFlow: own }), after, {})).toBe(false);
        const back = undoFlow(own, after, undefined, { container: dn, schema });
        expect(Number(flagsOf(back))).toBe(flags & ~bits);
      },
    ),
  );
});

test('a new entry is enabled where it has a password, unless something else is said of its flags', () => {
  const fresh = (more: Record<string, string> = {}) => new Entry(dn, { cn: 'ada', ...more });
  expect(flagsOf(enabledWhenNew(type, fresh({ userPassword: 'x' })))).toBe('512');
  expect(flagsOf(enabledWhenNew(type, fresh({ userPassword: 'x', userAccountControl: '66048' })))).toBe('66048');
  // The product would refuse to enable it: it stays as the product makes it.
  expect(flagsOf(enabledWhenNew(type, fresh()))).toBeUndefined();
  expect(attributesOf(flow, schema)).toEqual([]);
});

test('the attribute is the flow’s own: it is read, and clients say active', () => {
  expect(type.readAttributes).toContain('userAccountControl');
  expect([...type.attributes.keys()]).not.toContain('useraccountcontrol');
});

test('flags are written over the value that was read, and over no other', async () => {
  const asked: (readonly Modification[])[] = [];
  const context = {
    directory: {
      schema,
      modify: async (_dn: DN, modifications: readonly Modification[]) => {
        asked.push(modifications);
        return withFlags('514');
      },
    },
    readAttributes: ['*'],
    flags: new Set(['useraccountcontrol']),
  } as unknown as ExportContext;
  const before = new Entry(dn, { cn: 'ada', sn: 'A', userAccountControl: '512' });
  const { after } = applyFlow(flow, before.with([{ name: 'sn', values: ['B'] }]), schema);
  await updateEntry(context, before, { after, secrets: [] }, {});
  expect(asked).toEqual([
    [
      { operation: 'replace', attribute: 'sn', values: ['B'] },
      { operation: 'delete', attribute: 'userAccountControl', values: ['512'] },
      { operation: 'add', attribute: 'userAccountControl', values: ['514'] },
    ],
  ]);
});

test('where somebody was quicker the change is made once more, over what is there now', async () => {
  const gone = new LdapError(ResultCode.noSuchAttribute, 'modify', 'cn=ada', '', true);
  const change = jest.fn().mockRejectedValueOnce(gone).mockResolvedValue('done');
  await expect(overFreshFlags(type, change)).resolves.toBe('done');
  expect(change).toHaveBeenCalledTimes(2);
  await expect(overFreshFlags(type, jest.fn().mockRejectedValue(gone))).rejects.toBe(gone);
  const without = jest.fn().mockRejectedValue(gone);
  await expect(overFreshFlags(objectType(), without)).rejects.toBe(gone);
  expect(without).toHaveBeenCalledTimes(1);
});

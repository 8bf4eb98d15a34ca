import { withProductFlows } from '../../src/connector/productFlows';
import type { DirectoryDescription } from '../../src/directory/directory';
import { Schema } from '../../src/directory/schema';
import type { FlowOptions, ObjectTypeOptions } from '../../src/mapping/options';

const text = '1.3.6.1.4.1.1466.115.121.1';
const attributes = [
  `( 1.1 NAME 'nsAccountLock' SYNTAX ${text}.15 SINGLE-VALUE )`,
  `( 1.2 NAME 'pwdAccountLockedTime' SYNTAX ${text}.24 SINGLE-VALUE )`,
  `( 1.3 NAME 'msDS-UserAccountDisabled' SYNTAX ${text}.7 SINGLE-VALUE )`,
  `( 1.4 NAME 'loginDisabled' SYNTAX ${text}.7 SINGLE-VALUE )`,
  `( 1.5 NAME 'ds-pwp-account-disabled' SYNTAX ${text}.7 SINGLE-VALUE )`,
  `( 1.6 NAME 'shadowExpire' SYNTAX ${text}.27 SINGLE-VALUE )`,
  `( 1.7 NAME 'flags' SYNTAX ${text}.15 )`,
  `( 1.8 NAME 'userAccountControl' SYNTAX ${text}.27 SINGLE-VALUE )`,
  `( 1.9 NAME 'numbers' SYNTAX ${text}.27 )`,
];
const schema = Schema.parse({ attributeTypes: attributes, objectClasses: [] });

function resolved(product: string, disableFlow: FlowOptions, of: Schema = schema) {
  const options = { disableFlow, deleteFlow: { action: 'delete' } } as unknown as ObjectTypeOptions;
  return withProductFlows(options, { product } as DirectoryDescription, of, 'objectTypes[0]');
}
const set = (values: Record<string, string | string[]>): FlowOptions => ({ action: 'setAttribute', values });

test.each([
  ['openldap', 'pwdAccountLockedTime', '000001010000Z'],
  ['389ds', 'nsAccountLock', 'true'],
  ['dsee', 'nsAccountLock', 'true'],
  ['adlds', 'msDS-UserAccountDisabled', 'TRUE'],
  ['edirectory', 'loginDisabled', 'TRUE'],
  ['opendj', 'ds-pwp-account-disabled', 'TRUE'],
  ['opends', 'ds-pwp-account-disabled', 'TRUE'],
])('%s disables by %s', (product, attribute, value) => {
  const { options, faults } = resolved(product, set({}));
  expect([options.disableFlow, faults]).toEqual([set({ [attribute]: value }), []]);
});

test.each(['ad', 'samba'])('%s disables by a bit of userAccountControl', (product) => {
  const bits: FlowOptions = { action: 'setBits', attribute: 'userAccountControl', bits: 2, initial: 512 };
  const { options, faults } = resolved(product, set({}));
  expect([options.disableFlow, faults]).toEqual([bits, []]);
});

test('bits belong to an integer with one value', () => {
  const faultsOf = (attribute: string) =>
    resolved('openldap', { action: 'setBits', attribute, bits: 2 }).faults.map(({ path, message }) => [path, message]);
  expect(faultsOf('shadowExpire')).toEqual([]);
  for (const attribute of ['flags', 'loginDisabled', 'numbers'])
    expect(faultsOf(attribute)).toEqual([
      ['objectTypes[0].deprovisioning.disableFlow.attribute', expect.stringContaining(attribute)],
    ]);
});

test('a product without one, or a schema without the attribute, is a fault that says so', () => {
  const [path, severity] = ['objectTypes[0].deprovisioning.disableFlow.values', 'fault'];
  expect(resolved('apacheds', set({})).faults).toEqual([
    { path, severity, message: expect.stringContaining('ApacheDS') },
  ]);
  expect(resolved('openldap', set({}), Schema.parse({ attributeTypes: [], objectClasses: [] })).faults).toEqual([
    { path, severity, message: expect.stringContaining('no pwdAccountLockedTime') },
  ]);
});

test('values of the file stay, and each is checked against its syntax', () => {
  expect(resolved('openldap', set({ shadowExpire: '1', flags: ['a', 'b'] })).faults).toEqual([]);
  const { faults } = resolved(
    'openldap',
    set({ shadowExpire: 'soon', loginDisabled: 'yes', nsAccountLock: ['a', 'b'] }),
  );
  expect(faults.map(({ path }) => path.split('.').at(-1))).toEqual(['shadowExpire', 'loginDisabled', 'nsAccountLock']);
  expect(faults[0]?.message).toContain('"soon"');
});

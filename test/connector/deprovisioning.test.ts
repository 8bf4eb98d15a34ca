/** Disabled and back again: each flow, on entries of every kind. */
import fc from 'fast-check';
import { activeOf, applyFlow, attributesOf, cannotDisable, undoFlow } from '../../src/connector/deprovisioning';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import type { FlowOptions } from '../../src/mapping/options';
import { objectType, schema } from '../mapping/objectTypes';

const home = DN.parse('ou=people,dc=x');
const ada = new Entry(DN.parse('cn=Ada\\, L+uid=ada,ou=people,dc=x'), {
  cn: 'Ada, L',
  uid: 'ada',
  title: ['Dr', 'Prof'],
});
const options = { container: home, schema };
const typeOf = (disableFlow?: FlowOptions) =>
  objectType({ auxiliaryClasses: ['oddities'], ...(disableFlow && { disableFlow }) });
const setting = (values: Record<string, string | readonly string[]>): FlowOptions => ({
  action: 'setAttribute',
  values,
});
const shown = (entry: Entry) => ({
  dn: entry.dn.toString(),
  ...Object.fromEntries([...entry.attributes()].map(({ name, values }) => [name, values])),
});

describe('active', () => {
  test('has no meaning without a flow, and is remembered where the flow does nothing', () => {
    expect(activeOf(typeOf(), ada, { active: false })).toBeUndefined();
    expect(activeOf(typeOf({ action: 'none' }), ada, {})).toBe(true);
    expect(activeOf(typeOf({ action: 'none' }), ada, { active: false })).toBe(false);
    expect(activeOf(typeOf({ action: 'delete' }), ada, { active: false })).toBe(true);
  });

  test.each<[Record<string, string | readonly string[]>, Record<string, string | string[]>, boolean]>([
    [{ pwdAccountLockedTime: '000001010000Z' }, { pwdAccountLockedTime: '000001010000Z' }, false],
    [{ pwdAccountLockedTime: '000001010000Z' }, { pwdAccountLockedTime: '00000101000000Z' }, false],
    // Locked by the server's own policy, for a while: the administrator's word is another one.
    [{ pwdAccountLockedTime: '000001010000Z' }, { pwdAccountLockedTime: '20260101000000Z' }, true],
    [{ handle: 'OFF' }, { nick: ['on', 'off'] }, false],
    [{ nick: ['a', 'b'] }, { nick: ['a'] }, true],
    [{ nick: 'off', only: 'x' }, { nick: 'off' }, true],
    [{ nick: [] }, {}, false],
    [{ nick: [] }, { nick: 'on' }, true],
    [{}, {}, true],
  ])('%j on %j', (values, attributes, expected) => {
    expect(activeOf(typeOf(setting(values)), new Entry(ada.dn, attributes), {})).toBe(expected);
  });

  test('is where the entry is, for a flow that moves', () => {
    const type = typeOf({ action: 'move', container: 'OU=Gone, dc=x' });
    expect(activeOf(type, ada, {})).toBe(true);
    expect(activeOf(type, new Entry(DN.parse('cn=a,ou=sub,ou=gone,dc=x'), {}), {})).toBe(false);
    expect(activeOf(type, new Entry(DN.parse('cn=a,ou=notgone,dc=x'), {}), {})).toBe(true);
  });
});

describe('a flow and its way back', () => {
  const values = fc.dictionary(
    fc.constantFrom('nick', 'only', 'title', 'description'),
    fc.array(fc.constantFrom('off', 'no', 'x'), { maxLength: 2 }),
  );
  const own = fc.dictionary(
    fc.constantFrom('nick', 'only', 'title', 'cn'),
    fc.array(fc.constantFrom('on', 'off', 'x'), { minLength: 1, maxLength: 2 }),
  );

  test('of values gives back the entry as it was', () => {
    fc.assert(
      fc.property(values, own, (flowValues, attributes) => {
        const flow = setting(flowValues);
        const before = new Entry(ada.dn, attributes);
        const { after, previous } = applyFlow(flow, before, schema);
        if (Object.keys(flowValues).length > 0) expect(activeOf(typeOf(flow), after, {})).toBe(false);
        // It goes through the state store on the way.
        const kept = previous === undefined ? undefined : JSON.parse(JSON.stringify(previous));
        const back = shown(undoFlow(flow, after, kept, options));
        expect(back).toEqual(shown(before));
      }),
    );
  });

  test('of values is one attribute under whatever name', () => {
    const flow = setting({ handle: 'off' });
    const { after, previous } = applyFlow(flow, new Entry(ada.dn, { nick: 'on' }), schema);
    expect(shown(after)).toEqual({ dn: ada.dn.toString(), nick: ['off'] });
    expect(previous).toEqual({ attributes: { nick: ['on'] } });
    expect(attributesOf(flow, schema)).toEqual([{ name: 'nick', values: ['off'] }]);
    expect(attributesOf({ action: 'move', container: 'dc=x' }, schema)).toEqual([]);
    expect(attributesOf(undefined, schema)).toEqual([]);
  });

  test('of values that nobody remembers takes them away', () => {
    const flow = setting({ nick: 'off' });
    expect(shown(undoFlow(flow, new Entry(ada.dn, { nick: 'off', cn: 'a' }), undefined, options))).toEqual({
      dn: ada.dn.toString(),
      cn: ['a'],
    });
  });

  test('of places keeps the name', () => {
    const flow: FlowOptions = { action: 'move', container: 'ou=gone,dc=x' };
    const { after, previous } = applyFlow(flow, ada, schema);
    expect(after.dn.toString()).toBe('cn=Ada\\, L+uid=ada,ou=gone,dc=x');
    expect(undoFlow(flow, after, previous, options).dn.toString()).toBe(ada.dn.toString());
    expect(undoFlow(flow, after, undefined, { ...options, container: DN.parse('dc=new') }).dn.toString()).toBe(
      'cn=Ada\\, L+uid=ada,dc=new',
    );
    expect(applyFlow(flow, new Entry(DN.root, {}), schema).after.dn.isRoot).toBe(true);
  });

  test.each<FlowOptions>([{ action: 'none' }, { action: 'delete' }])('$action changes nothing', (flow) => {
    expect(applyFlow(flow, ada, schema)).toEqual({ after: ada });
    expect(undoFlow(flow, ada, undefined, options)).toBe(ada);
  });
});

test('who cannot disable says what to set', () => {
  expect(cannotDisable(typeOf())).toMatchObject({
    status: 400,
    scimType: 'invalidValue',
    detail: expect.stringContaining('deprovisioning.disableFlow'),
  });
});

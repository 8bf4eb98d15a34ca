/** Add and modify (RFC 4511 §4.6 and §4.7). */
import type { Modification } from '../../src/directory/directory';
import type { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { ResultCode } from '../../src/directory/error';
import { equality } from '../../src/directory/filter';
import { refused, type Testbed } from './testbed';

/** The codes by which products say that an attribute or class is not in their schema, or not for this entry. */
const NOT_IN_SCHEMA = [16, 17, 21, 65, 80];
/** The codes for a value that is not of the attribute's syntax, or more values than it takes. */
const BAD_VALUE = [19, 20, 21, 32, 34, 65, 80];

const replace = (attribute: string, ...values: string[]): Modification => ({ operation: 'replace', attribute, values });
const addValue = (attribute: string, ...values: string[]): Modification => ({ operation: 'add', attribute, values });
const deleteValue = (attribute: string, ...values: string[]): Modification => ({
  operation: 'delete',
  attribute,
  values,
});

export function runWriteTests(t: Testbed): void {
  describe('add', () => runAddTests(t));
  describe('modify', () => runModifyTests(t));
}

function runAddTests(t: Testbed): void {
  test('reads back as it was added', async () => {
    const description = ['  two  blanks  ', 'Zoë Ångström', 'línea\ndos', '5', '3', '9'];
    const dn = await t.add('Add Me', { description, sn: 'Ünal', mail: 'Add.Me@Example.com' });
    const entry = await t.read(dn);
    expect(entry?.dn.equals(dn, t.directory.schema)).toBe(true);
    expect([...(entry?.values('description') ?? [])].sort()).toEqual([...description].sort());
    expect(entry?.values('SN')).toEqual(['Ünal']);
    expect(entry?.first('mail')).toBe('Add.Me@Example.com');
    const classes = entry?.values('objectClass').map((value) => value.toString().toLowerCase());
    expect(classes).toContain('inetorgperson');
  });

  test('the server gives the entry its anchor', async () => {
    const anchor = t.directory.description.proposedAnchor;
    const [one, other] = [await t.add('Anchor One'), await t.add('Anchor Two')];
    if (anchor === 'dn') return;
    const [first] = (await t.read(one, [anchor]))?.values(anchor) ?? [];
    const [second] = (await t.read(other, [anchor]))?.values(anchor) ?? [];
    expect([first, second]).not.toContain(undefined);
    expect(first).not.toEqual(second);
  });

  test.each([
    ['syntax of DNs', 'Doe, Jane+x=1'],
    ['number sign', '#hash'],
    ['blank before', ' leading'],
    ['blank after', 'trailing '],
    ['backslashes', 'back\\slash\\'],
    ['quotes', '"quoted"'],
    ['angle brackets and semicolon', 'a<b>c;d'],
    ['equals signs', '=a=b'],
    ['slash', 'a/b'],
    ['syntax of filters', '*(star)* & | !'],
    ['escapes that are text', 'a\\2Cb\\,c%20'],
    ['other scripts', '山田 恵美 Дмитрий'],
    ['sixty characters', 'x'.repeat(60)],
  ])('an RDN value with %s', async (_what, name) => {
    const dn = await t.add(name);
    const entry = await t.read(dn);
    expect(entry?.values('cn')).toEqual([name]);
    expect(entry?.dn.equals(dn, t.directory.schema)).toBe(true);
    expect(await t.names({ scope: 'one', filter: equality('cn', name) })).toEqual([name]);
    await refused(t.directory.add(t.person(name)), ResultCode.entryAlreadyExists);
    await t.directory.delete(dn);
    expect(await t.read(dn)).toBeUndefined();
  });

  // Not every product has room for these; what it takes, it must keep.
  test.each([
    ['NUL', 'a\0b'],
    ['line feed', 'a\nb'],
    ['emoji', '😀 smile'],
    ['a thousand characters', 'x'.repeat(1000)],
  ])('an RDN value with %s is kept or refused', async (_what, name) => {
    const added = await t.directory.add(t.person(name)).then(
      () => true,
      (error) => refused(Promise.reject(error), 19, 21, 34, 64, 80).then(() => false),
    );
    const kept = (await t.read(t.dn(name)).catch(() => undefined))?.values('cn');
    // 389 DS keeps NUL a second time, as the text of its escape.
    expect(kept).toEqual(added ? expect.arrayContaining([name]) : undefined);
  });

  test('refuses what exists, also in another spelling', async () => {
    await t.add('Exists Already');
    await refused(t.directory.add(t.person('Exists Already')), ResultCode.entryAlreadyExists);
    await refused(t.directory.add(t.person('exists ALREADY')), ResultCode.entryAlreadyExists);
  });

  test('refuses a parent that is missing', async () => {
    await refused(t.directory.add(t.person('Orphan', {}, t.dn('Nobody'))), ResultCode.noSuchObject);
  });

  test('refuses what the schema does not know or allow', async () => {
    const { directory } = t;
    await refused(directory.add(t.person('Bad Attribute', { noSuchAttribute: 'x' })), ...NOT_IN_SCHEMA);
    await refused(
      directory.add(t.person('Bad Class', { objectClass: ['inetOrgPerson', 'noSuchClass'] })),
      ...NOT_IN_SCHEMA,
    );
    await refused(directory.add(t.person('Not Allowed', { memberUid: 'x' })), ...NOT_IN_SCHEMA);
    await refused(directory.add(t.person('Bad DN', { manager: 'not a dn' })), ...BAD_VALUE);
    await refused(directory.add(t.person('Empty Value', { title: '' })), ...BAD_VALUE);
    await refused(directory.add(t.person('Two Of One', { displayName: ['a', 'b'] })), ...BAD_VALUE);
    for (const name of ['Bad Attribute', 'Bad Class', 'Not Allowed', 'Bad DN', 'Empty Value', 'Two Of One']) {
      expect(await t.read(t.dn(name))).toBeUndefined();
    }
  });

  test('refuses an entry without a value that its classes require', async () => {
    const required = t.directory.schema.requirements(['inetOrgPerson']).must.some(({ name }) => name === 'sn');
    const adding = t.directory.add(t.person('No Surname', { sn: [] }));
    if (required) await refused(adding, ResultCode.objectClassViolation);
    else await adding;
    expect((await t.read(t.dn('No Surname'))) === undefined).toBe(required);
  });
}

function runModifyTests(t: Testbed): void {
  const modify = (dn: DN, ...modifications: Modification[]) => t.directory.modify(dn, modifications);

  test('adds, deletes and replaces values and attributes', async () => {
    const dn = await t.add('Modify Values', { carLicense: ['a', 'b'] });
    await modify(dn, addValue('carLicense', 'c', 'd'));
    expect(await t.values(dn, 'carLicense')).toEqual(['a', 'b', 'c', 'd']);
    await modify(dn, deleteValue('carLicense', 'a', 'C'));
    expect(await t.values(dn, 'carLicense')).toEqual(['b', 'd']);
    await modify(dn, replace('carLicense', 'x', 'y'), replace('title', 'Boss'));
    expect([await t.values(dn, 'carLicense'), await t.values(dn, 'title')]).toEqual([['x', 'y'], ['Boss']]);
    await modify(dn, replace('title', 'BOSS'));
    expect(await t.values(dn, 'title')).toEqual(['BOSS']);
    await modify(dn, replace('carLicense'), { operation: 'delete', attribute: 'title', values: [] });
    const entry = await t.read(dn);
    expect([entry?.has('carLicense'), entry?.has('title')]).toEqual([false, false]);
    await modify(dn, replace('carLicense'));
  });

  test('is one change: all of it or nothing', async () => {
    const dn = await t.add('Modify Atomic', { carLicense: 'before' });
    await refused(modify(dn, replace('carLicense', 'after'), deleteValue('title', 'none')), ResultCode.noSuchAttribute);
    expect(await t.values(dn, 'carLicense')).toEqual(['before']);
  });

  test('the order of modifications counts', async () => {
    const dn = await t.add('Modify Order', { carLicense: 'a' });
    await modify(dn, deleteValue('carLicense', 'a'), addValue('carLicense', 'a', 'b'), deleteValue('carLicense', 'b'));
    expect(await t.values(dn, 'carLicense')).toEqual(['a']);
  });

  test('refuses values that are there, or are not', async () => {
    const dn = await t.add('Modify Twice', { description: 'here' });
    await refused(modify(dn, addValue('description', 'here')), ResultCode.attributeOrValueExists);
    await refused(modify(dn, deleteValue('description', 'gone')), ResultCode.noSuchAttribute);
    await refused(modify(dn, deleteValue('title', 'gone')), ResultCode.noSuchAttribute);
    await refused(modify(dn, deleteValue('title')), ResultCode.noSuchAttribute);
    expect(await t.values(dn, 'description')).toEqual(['here']);
  });

  test('refuses what the schema refuses', async () => {
    const dn = await t.add('Modify Schema', { displayName: 'one' });
    await refused(modify(dn, addValue('displayName', 'two')), ...BAD_VALUE);
    await refused(modify(dn, replace('noSuchAttribute', 'x')), ...NOT_IN_SCHEMA);
    await refused(modify(dn, addValue('objectClass', 'noSuchClass')), ...NOT_IN_SCHEMA);
    await refused(modify(dn, replace('manager', 'not a dn')), ...BAD_VALUE);
    await refused(modify(dn, replace('title', '')), ...BAD_VALUE);
    await refused(modify(dn, replace('cn', 'Another Name')), 64, 67);
    await refused(modify(dn, replace('objectClass')), 16, 65, 69, 80);
    if (t.directory.schema.attributeType('createTimestamp')?.noUserModification) {
      await refused(modify(dn, replace('createTimestamp', '20200101000000Z')), 19, 50, 53);
    }
    expect(await t.values(dn, 'displayName')).toEqual(['one']);
  });

  test('refuses an entry that does not exist', async () => {
    await refused(modify(t.dn('Nobody Here'), replace('title', 'x')), ResultCode.noSuchObject);
  });

  test('octets come back as they were, as octets', async () => {
    const photos = [
      Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x00, 0x80, 0xc3, 0x28, 0xff, 0xd9]),
      Buffer.from('all of this is ASCII'),
      Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256)),
    ];
    const dn = await t.add('Binary', { audio: photos[0] as Buffer });
    for (const photo of photos) {
      await t.directory.modify(dn, [{ operation: 'replace', attribute: 'audio', values: [photo] }]);
      const [value] = (await t.read(dn, ['audio']))?.values('audio') ?? [];
      expect(Buffer.isBuffer(value)).toBe(true);
      expect(photo.equals(value as Buffer)).toBe(true);
    }
  });

  test('a group of many members', async () => {
    const member = Array.from({ length: 2000 }, (_, i) => t.dn(`Member ${i}`).toString());
    const { schema } = t.directory;
    if (t.isActiveDirectory) return;
    const dn = t.dn('Many Members');
    await t.directory.add(new Entry(dn, { objectClass: ['top', 'groupOfNames'], cn: 'Many Members', member }));
    await modify(dn, deleteValue('member', (member[7] as string).toUpperCase().replaceAll(',', ', ')));
    const left = (await t.read(dn, ['member']))?.values('member') ?? [];
    expect(new Set(left.map((value) => schema.normalize('member', value)))).toEqual(
      new Set(member.filter((_, i) => i !== 7).map((value) => schema.normalize('member', value))),
    );
    await refused(modify(dn, addValue('member', (member[8] as string).toUpperCase())), 20);
  });
}

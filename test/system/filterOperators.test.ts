/**
 * Every operator on what a resource has beside its plain attributes (id, externalId, meta, references), against what the
 * resources themselves say: whatever finds them, an index, a search of the directory or a walk, finds the same ones.
 */
import { onEachDirectory } from '../support/onEachDirectory';
import { ENTERPRISE_USER, type Json } from '../support/scimClient';

type Kind = 'exact' | 'any case' | 'date';

const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
type Operator = (typeof operators)[number];

const isText = (operator: Operator) => operator === 'co' || operator === 'sw' || operator === 'ew';

/** All values at a path. */
function valuesAt(value: unknown, [name, ...rest]: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return typeof value === 'string' ? [value] : [];
  return typeof value === 'object' && value !== null ? valuesAt((value as Record<string, unknown>)[name], rest) : [];
}

/** RFC 7644 §3.4.2.2, table 3. */
function holds(operator: Operator, values: readonly string[], literal: string, kind: Kind): boolean {
  if (operator === 'ne') return !holds('eq', values, literal, kind);
  const form = (text: string): string | number =>
    kind === 'exact' ? text : kind === 'date' && !isText(operator) ? Date.parse(text) : text.toLowerCase();
  const wanted = form(literal);
  return values.map(form).some((value) => {
    const [text, part] = [String(value), String(wanted)];
    switch (operator) {
      case 'eq':
        return value === wanted;
      case 'co':
        return text.includes(part);
      case 'sw':
        return text.startsWith(part);
      case 'ew':
        return text.endsWith(part);
      case 'gt':
        return value > wanted;
      case 'ge':
        return value >= wanted;
      case 'lt':
        return value < wanted;
      default:
        return value <= wanted;
    }
  });
}

/** What is compared with: a value that is there or a part of it, the same in another case, and something that is not there. */
function literalsFor(operator: Operator, values: readonly string[], kind: Kind): string[] {
  const value = values.at(-1) ?? '';
  if (isText(operator)) {
    const part = { co: value.slice(1, -1), sw: value.slice(0, -2), ew: value.slice(2) }[operator as 'co' | 'sw' | 'ew'];
    return [part, part.toUpperCase(), 'nothing like it'].filter((text) => text !== '');
  }
  if (kind === 'date') return [value, value.replace('Z', '.000+00:00'), '2020-01-01'];
  return [value, value.toUpperCase(), 'nothing like it'];
}

onEachDirectory((asked) => {
  const all: Record<string, Json[]> = {};
  beforeAll(async () => {
    const boss = await asked.user({ externalId: 'Ext-Boss', displayName: 'The boss' });
    const manager = { [ENTERPRISE_USER]: { manager: { value: boss.id } } };
    const user = await asked.user({
      externalId: 'ext-boss',
      emails: [{ type: 'work', value: 'A@b.example' }],
      ...manager,
    });
    const inner = await asked.group(boss, user);
    await asked.group(inner, user);
    for (const endpoint of ['/Users', '/Groups'])
      all[endpoint] = (await asked.client.get(`${endpoint}?count=1000`)).body.Resources as unknown as Json[];
  });

  test('lists show the groups of whoever has just come into one', () => {
    const groups = new Set(all['/Groups']?.map(({ displayName }) => displayName));
    const of = (users: readonly Json[] = []) => users.flatMap((one) => valuesAt(one, ['groups', 'display']));
    expect(new Set(of(all['/Users']))).toEqual(groups);
  });

  test.each<[endpoint: string, path: string, kind: Kind]>([
    ['/Users', 'id', 'exact'],
    ['/Users', 'externalId', 'exact'],
    ['/Users', 'userName', 'any case'],
    ['/Users', 'meta.location', 'exact'],
    ['/Users', 'meta.version', 'exact'],
    ['/Users', 'meta.resourceType', 'exact'],
    ['/Users', 'meta.created', 'date'],
    ['/Users', 'meta.lastModified', 'date'],
    ['/Users', 'emails.value', 'any case'],
    ['/Users', 'emails.type', 'any case'],
    ['/Users', 'groups.value', 'exact'],
    ['/Users', 'groups.$ref', 'exact'],
    ['/Users', 'groups.display', 'any case'],
    ['/Users', 'groups.type', 'any case'],
    ['/Users', `${ENTERPRISE_USER}:manager.value`, 'exact'],
    ['/Users', `${ENTERPRISE_USER}:manager.$ref`, 'exact'],
    ['/Users', `${ENTERPRISE_USER}:manager.displayName`, 'any case'],
    ['/Groups', 'id', 'exact'],
    ['/Groups', 'displayName', 'any case'],
    ['/Groups', 'meta.location', 'exact'],
    ['/Groups', 'meta.version', 'exact'],
    ['/Groups', 'members.value', 'exact'],
    ['/Groups', 'members.$ref', 'exact'],
    ['/Groups', 'members.type', 'any case'],
    ['/Groups', 'members.display', 'any case'],
  ])('%s by %s finds what the resources say', async (endpoint, path, kind) => {
    const resources = all[endpoint] ?? [];
    const [urn, name] = path.startsWith('urn:') ? path.split(/:(?=[^:]*$)/) : [undefined, path];
    const at = [...(urn === undefined ? [] : [urn]), ...String(name).split('.')];
    const values = resources.flatMap((resource) => valuesAt(resource, at));
    expect(values).not.toEqual([]);
    const idsOf = (found: readonly Json[]) => found.map(({ id }) => String(id)).sort();
    const find = async (filter: string) => [filter, idsOf(await asked.client.find(filter, `${endpoint}`))];
    const present = resources.filter((resource) => valuesAt(resource, at).length > 0);
    expect(await find(`${path} pr`)).toEqual([`${path} pr`, idsOf(present)]);
    for (const operator of operators)
      for (const literal of literalsFor(operator, values, kind)) {
        const filter = `${path} ${operator} ${JSON.stringify(literal)}`;
        const expected = resources.filter((resource) => holds(operator, valuesAt(resource, at), literal, kind));
        expect(await find(filter)).toEqual([filter, idsOf(expected)]);
      }
  });
});

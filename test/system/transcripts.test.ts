/**
 * What identity providers send, request by request, replayed on the embedded directory and on OpenLDAP: the files below
 * test/transcripts. A step's `response` has to be contained in the answer; `{"contains": […]}` in place of a list asks
 * for these elements among others; `{{=name}}` keeps a value and `{{name}}` is one that was kept; `absent` names members
 * that the answer must not have.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { people } from '../support/connectorFiles';
import { HostProcess, secret } from '../support/hostProcess';
import type { ScimClient } from '../support/scimClient';
import { slapdIsHere, startSystem, startTimeout } from '../support/system';

interface Step {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly request?: unknown;
  readonly status: number;
  readonly response?: unknown;
  readonly absent?: readonly string[];
}

interface Transcript {
  readonly name: string;
  readonly steps: readonly Step[];
}

const folder = join(__dirname, '../transcripts');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
const transcripts = files
  .sort()
  .map((file) => [relative('', file), JSON.parse(readFileSync(join(folder, file), 'utf8')) as Transcript] as const);

type Kept = Map<string, string>;

/** A value with what was kept in its place. */
function filled<T>(value: T, kept: Kept): T {
  const text = JSON.stringify(value).replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const known = kept.get(name);
    if (known === undefined) throw new Error(`Nothing was kept as ${name}`);
    return JSON.stringify(known).slice(1, -1);
  });
  return JSON.parse(text) as T;
}

/** An expected value as Jest compares it; what is to be kept is noted in `keep`, by its path. */
function matcher(value: unknown, path: string[], keep: Map<string, string[]>): unknown {
  if (typeof value === 'string') {
    const name = /^\{\{=(\w+)\}\}$/.exec(value)?.[1];
    if (name === undefined) return value;
    keep.set(name, path);
    return expect.any(String);
  }
  if (Array.isArray(value)) return value.map((item, index) => matcher(item, [...path, String(index)], keep));
  if (typeof value !== 'object' || value === null) return value;
  if ('contains' in value) {
    const wanted = (value.contains as unknown[]).map((item) =>
      typeof item === 'object' && item !== null ? expect.objectContaining(item as Record<string, unknown>) : item,
    );
    return expect.arrayContaining(wanted);
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, matcher(item, [...path, name], keep)]));
}

/** The member at a path, as JSON has it. */
function at(body: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], body);
}

/** A name with a URN before it is one member of the URN's. */
function memberPath(name: string): string[] {
  const [, urn, rest] = /^(urn:.*:\w+)(?:\.(\w+))?$/.exec(name) ?? [];
  return urn === undefined ? name.split('.') : [urn, ...(rest === undefined ? [] : [rest])];
}

async function replay(client: ScimClient, { steps }: Transcript): Promise<void> {
  const kept: Kept = new Map();
  for (const [index, step] of steps.entries()) {
    const { response, ...sent } = step;
    const { method, path, headers, request, status, absent = [] } = filled(sent, kept);
    const target = path.replaceAll(' ', '%20');
    const answer = await client.send(method, target, { headers, ...(request === undefined ? {} : { body: request }) });
    const where = `step ${index + 1}: ${method} ${path}`;
    expect([where, answer.status, answer.status >= 400 ? answer.body.detail : '']).toEqual([
      where,
      status,
      status >= 400 ? expect.any(String) : '',
    ]);
    const keep = new Map<string, string[]>();
    if (response !== undefined) expect(answer.body).toMatchObject(matcher(filled(response, kept), [], keep) as object);
    for (const [name, place] of keep) kept.set(name, String(at(answer.body, place)));
    for (const name of absent)
      expect([where, name, at(answer.body, memberPath(name))]).toEqual([where, name, undefined]);
  }
}

const flow = (ou: string) => ({ deprovisioning: { disableFlow: { action: 'move', container: ou } } });

describe.each(slapdIsHere ? ['memory', 'OpenLDAP'] : ['memory'])('replayed on %s', (directory) => {
  let host: HostProcess;
  let stop: () => Promise<void>;
  const secrets = [secret('transcript')];

  beforeAll(async () => {
    const former = flow('ou=former,dc=example,dc=com');
    if (directory === 'memory') {
      host = await HostProcess.start({ connectors: { replay: people(undefined, former) }, secrets });
      stop = () => host.stop();
    } else {
      ({ host, stop } = await startSystem({ connectors: (slapd) => ({ replay: people(slapd, former) }), secrets }));
    }
  }, startTimeout);
  afterAll(() => stop?.());

  test.each(transcripts)('%s', async (_file, transcript) => {
    const client = host.client('replay');
    const before = (await client.get('/Users?count=0')).body.totalResults;
    await replay(client, transcript);
    expect((await client.get('/Users?count=0')).body.totalResults).toBe(before);
  });
});

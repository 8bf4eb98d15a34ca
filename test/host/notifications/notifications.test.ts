/** Notifications, to a real SMTP server on 127.0.0.1 and to a real web hook. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ConnectorEvent, Happening } from '../../../src/connector/events';
import { Notifications } from '../../../src/host/notifications/notifications';
import type { NotificationsOptions } from '../../../src/host/notifications/options';
import { builtInTemplates } from '../../../src/host/notifications/template';
import { createLog } from '../../../src/telemetry/log';
import { Secret } from '../../../src/telemetry/secret';
import { eventually } from '../../support/hostProcess';
import { MailServer } from '../../support/mailServer';
import { startHook } from '../../support/webhookServer';

const now = new Date('2026-11-21T08:00:00Z');
const counts = { seen: 12, added: 1, updated: 2, unchanged: 9, deleted: 0, failed: 0 };
const run = (outcome: 'success' | 'failed', profile: 'fullImport' | 'deltaImport' = 'fullImport'): Happening => ({
  kind: 'runEnded',
  record: {
    profile,
    outcome,
    counts,
    started: now.getTime() - 60_000,
    ended: now.getTime(),
    errors: outcome === 'failed' ? [{ message: 'the directory closed the connection' }] : [],
  },
});
const at = (what: Happening, notifications: ConnectorEvent['notifications'] = { to: [] }): ConnectorEvent => ({
  ...what,
  connector: 'people',
  notifications,
});

let folder: string;
let lines: string[];
let server: MailServer;
let notifications: Notifications | undefined;
const log = () => {
  const stream = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  return createLog({ level: 'debug', format: 'json', stream });
};

async function open(more: Partial<NotificationsOptions> = {}): Promise<Notifications> {
  const options: NotificationsOptions = {
    mail: {
      server: '127.0.0.1',
      port: server.port,
      security: 'none',
      from: 'host@example.com',
      to: ['ops@example.com'],
    },
    file: join(folder, 'notifications.jsonl'),
    retentionMs: 86_400_000,
    unreachableAfterMs: 0,
    completedRuns: false,
    hostName: 'scim.example.com',
    templates: builtInTemplates,
    ...more,
  };
  notifications = await Notifications.open(options, { log: log(), clock: () => now });
  return notifications;
}

const subjects = () => server.arrived.map(({ mail }) => mail.subject);
const arrived = (count: number) => eventually(async () => expect(server.arrived).toHaveLength(count));
const records = () =>
  readFileSync(join(folder, 'notifications.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'notifications-'));
  lines = [];
  server = await MailServer.start();
});
afterEach(async () => {
  await notifications?.close();
  notifications = undefined;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('conditions', () => {
  test('a failed run is told once until a run of the same profile ends well, and then that it is over', async () => {
    const told = await open();
    told.observe(at(run('failed')));
    told.observe(at(run('failed')));
    told.observe(at(run('success', 'deltaImport')));
    told.observe(at(run('success')));
    told.observe(at(run('success')));
    told.observe(at(run('failed')));
    await arrived(3);
    expect(subjects()).toEqual([
      '[scim.example.com] people: the fullImport has failed',
      '[scim.example.com] people: over: the fullImport has failed',
      '[scim.example.com] people: the fullImport has failed',
    ]);
    expect(server.arrived[0]?.mail.text).toContain('the directory closed the connection');
    expect(server.arrived[0]?.mail.text).toContain('connector-host check --connect people');
  });

  test('who was told before a restart is not told again, and is told when it is over', async () => {
    const first = await open();
    first.observe(at(run('failed')));
    await arrived(1);
    await first.close();
    const second = await open();
    second.observe(at(run('failed')));
    second.observe(at(run('success')));
    await arrived(2);
    expect(subjects()[1]).toContain('over: the fullImport has failed');
  });

  test('a directory that is back in time is nobody’s business', async () => {
    const told = await open({ unreachableAfterMs: 3_600_000 });
    told.observe(at({ kind: 'directoryLost', reason: 'refused' }));
    told.observe(at({ kind: 'directoryReached' }));
    told.observe(at({ kind: 'limitReached', operation: 'delete', detail: '100 in 60 minutes' }));
    await arrived(1);
    expect(subjects()).toEqual(['[scim.example.com] people: delete is stopped by its limit']);
    expect(server.arrived[0]?.mail.text).toContain('connector-host changes release people');
  });

  test('a directory that stays away is told, and that it is back', async () => {
    const told = await open({ unreachableAfterMs: 1 });
    told.observe(at({ kind: 'directoryLost', reason: 'the connection was refused' }));
    await arrived(1);
    told.observe(at({ kind: 'directoryReached' }));
    await arrived(2);
    expect(subjects()[0]).toContain('the directory cannot be reached');
    expect(subjects()[1]).toContain('over: the directory cannot be reached');
  });

  test('a certificate that expires soon is told once, and a new one ends it', async () => {
    const told = await open();
    const file = '/certs/host.crt';
    told.certificate({ file, validTo: new Date('2026-12-20T08:00:00Z') });
    told.certificate({ file, validTo: new Date('2026-12-20T08:00:00Z') });
    told.certificate({ file, validTo: new Date('2028-01-01T00:00:00Z') });
    await arrived(2);
    expect(subjects()[0]).toBe('[scim.example.com] host: the certificate expires in 29 days');
  });

  test('runs that end well are told where somebody asks for it', async () => {
    const told = await open();
    told.observe(at(run('success')));
    told.observe(at(run('success'), { to: ['people-team@example.com'], completedRuns: true }));
    await arrived(2);
    expect(server.arrived.map(({ to }) => to)).toEqual([['ops@example.com'], ['people-team@example.com']]);
    expect(server.arrived[0]?.mail.text).toMatch(/Read\s+12\nAdded\s+1\n/);
  });
});

describe('a new account', () => {
  const password = new Secret('S3cret<&>made-up');
  const resource = {
    schemas: [],
    userName: 'grace',
    displayName: 'Grace\r\nBcc: everybody@example.com',
    emails: [
      { type: 'home', value: 'g@home.example' },
      { type: 'work', value: 'grace@example.com' },
    ],
  };
  const created = (createdAccount: string[], more = {}) =>
    at(
      { kind: 'accountCreated', dn: 'uid=grace', password, resource: { ...resource, ...more } },
      { to: [], createdAccount },
    );

  test('its password goes to those named, and nowhere else', async () => {
    const hook = await startHook(() => 200);
    const told = await open({ webhook: { url: hook.url } });
    told.observe(created(['user', 'desk@example.com']));
    await arrived(2);
    await told.close();
    expect(server.arrived.map(({ to }) => to)).toEqual([['grace@example.com'], ['desk@example.com']]);
    expect(server.arrived[0]?.mail.text).toContain('S3cret<&>made-up');
    expect(JSON.stringify(records()) + lines.join('')).not.toContain('S3cret');
    expect(hook.calls).toEqual([]);
    await hook.stop();
  });

  test('values of the directory become neither headers nor further recipients', async () => {
    const emails = [{ value: 'grace@example.com,evil@example.com' }];
    const told = await open({
      templates: {
        ...builtInTemplates,
        createdAccount: { subject: 'For {%displayName%}', text: '{%userName%}', html: '<b>{%displayName%}</b>' },
      },
    });
    told.observe(created(['user'], { emails }));
    told.observe(created(['desk@example.com'], { displayName: '<img src=x>\r\nBcc: evil@example.com' }));
    await arrived(1);
    const [only] = server.arrived;
    expect(only?.to).toEqual(['desk@example.com']);
    expect(only?.mail.bcc).toBeUndefined();
    expect(only?.mail.subject).toBe('For <img src=x> Bcc: evil@example.com');
    expect(only?.mail.html).toContain('&lt;img src=x&gt;');
    expect(lines.join('')).toContain('an account has no mail address');
  });
});

describe('the way there', () => {
  test('a mailbox that does not exist is given up, and does not hold up the others', async () => {
    server.refuse = (address) => (address === 'gone@example.com' ? { code: 550, text: 'no such mailbox' } : undefined);
    const told = await open();
    told.observe(at(run('failed'), { to: ['gone@example.com', 'here@example.com'] }));
    await arrived(2);
    await told.close();
    expect(server.arrived.map(({ to }) => to[0])).toEqual(['ops@example.com', 'here@example.com']);
    expect(records().filter(({ event }) => event === 'failed')).toMatchObject([
      { to: ['gone@example.com'], reason: expect.stringContaining('no such mailbox') },
    ]);
  });

  test('what a mail server refuses for now is sent when it takes it', async () => {
    let refusals = 0;
    server.refuse = () => {
      refusals += 1;
      return { code: 451, text: 'try again later' };
    };
    const told = await open();
    told.observe(at(run('failed')));
    await eventually(async () => expect(lines.join('')).toContain('it is tried again'));
    expect(refusals).toBe(1);
    server.refuse = undefined;
    // The end of the host does not wait for the pause, and tries once more.
    await told.close();
    expect(server.arrived).toHaveLength(1);
    expect(records().map(({ event }) => event)).toEqual(['raised', 'sent']);
  });

  test('a web hook gets everything as JSON, with its token', async () => {
    const hook = await startHook(() => 204);
    const told = await open({ webhook: { url: hook.url, token: new Secret('S3cret-hook') } });
    told.observe(at(run('failed')));
    await told.close();
    expect(hook.calls).toHaveLength(1);
    expect(hook.calls[0]?.headers.authorization).toBe('Bearer S3cret-hook');
    expect(hook.calls[0]?.body).toMatchObject({
      kind: 'errorNotification',
      connector: 'people',
      problem: 'the fullImport has failed',
      text: expect.stringContaining('[scim.example.com] people'),
    });
    await hook.stop();
  });

  test('a web hook that moved is not followed: its token is for nobody else', async () => {
    const elsewhere = await startHook(() => 200);
    const hook = await startHook(() => 307, { location: elsewhere.url });
    const told = await open({ webhook: { url: hook.url, token: new Secret('S3cret-hook') } });
    told.observe(at(run('failed')));
    await told.close();
    expect(elsewhere.calls).toEqual([]);
    expect(records().some(({ event, channel }) => event === 'failed' && channel === 'webhook')).toBe(true);
    await hook.stop();
    await elsewhere.stop();
  });
});

/** The words of a mail, and its way to a server that is careful. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { NotificationsOptions } from '../../../src/host/notifications/options';
import {
  builtInTemplates,
  parseTemplate,
  render,
  type TemplateName,
  templateFaults,
} from '../../../src/host/notifications/template';
import { readTemplates } from '../../../src/host/notifications/templateFolder';
import { sendTest } from '../../../src/host/notifications/trial';
import { Secret } from '../../../src/telemetry/secret';
import { MailServer } from '../../support/mailServer';

test('TLS and authentication: STARTTLS is demanded, and the certificate is checked', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const secured = await MailServer.start({
    key,
    cert,
    onAuth: ({ username, password: given }, _session, done) =>
      username === 'host' && given === 'S3cret-smtp'
        ? done(null, { user: username })
        : done(new Error('no such account')),
  });
  const plain = await MailServer.start();
  const mail = {
    server: 'localhost',
    port: secured.port,
    security: 'startTls' as const,
    from: 'host@example.com',
    to: ['ops@example.com'],
    userName: 'host',
  };
  const results = async (more: object) => {
    const options = { mail: { ...mail, password: new Secret('S3cret-smtp'), ca: cert, ...more } };
    const [result] = await sendTest({
      ...(options as Pick<NotificationsOptions, 'mail'>),
      hostName: 'h',
      templates: builtInTemplates,
    } as NotificationsOptions);
    return result?.reason;
  };
  expect(await results({})).toBeUndefined();
  expect(secured.arrived).toMatchObject([{ secure: true, user: 'host', to: ['ops@example.com'] }]);
  expect(await results({ ca: undefined })).toMatch(/self.signed certificate/);
  expect(await results({ password: new Secret('S3cret-wrong') })).toMatch(/^Invalid login/);
  // A server without TLS gets neither the password nor the mail.
  expect(await results({ port: plain.port, server: '127.0.0.1' })).toMatch(/STARTTLS/i);
  expect(secured.arrived).toHaveLength(1);
  expect(plain.arrived).toHaveLength(0);
  await Promise.all([secured.stop(), plain.stop()]);
});

describe('templates', () => {
  test('the built-in ones have only tokens that exist', () => {
    for (const [name, template] of Object.entries(builtInTemplates))
      expect(templateFaults(name as TemplateName, template)).toEqual([]);
  });

  test('a subject, an empty line, a text', () => {
    expect(parseTemplate('Subject: Hello {%host%}\r\n\r\nOne\r\n\r\nTwo')).toEqual({
      subject: 'Hello {%host%}',
      text: 'One\r\n\r\nTwo',
    });
    for (const text of ['', 'Hello', 'Subject: \n\ntext', 'Subject: one\ntext', 'Subject: one\n'])
      expect(() => parseTemplate(text)).toThrow('first line');
  });

  test('values are put in once, as data', () => {
    const template = { subject: 'a {% one %} b', text: '{%one%}{%two%}{%none%}', html: '<p title="{%one%}">' };
    const tokens = { one: '{%two%}\n"<', two: '$&' };
    expect(render(template, tokens)).toEqual({
      subject: 'a {%two%} "< b',
      text: '{%two%}\n"<$&',
      html: '<p title="{%two%}\n&quot;&lt;">',
    });
    expect(render({ subject: '{%constructor%}', text: '' }, {}).subject).toBe('');
  });

  test('a folder replaces those that it has, and says what is wrong with them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'templates-'));
    writeFileSync(join(folder, 'resolved.txt'), 'Subject: Vorbei\n\n{%problem%}');
    writeFileSync(join(folder, 'resolved.html'), '<h1>{%problem%}</h1>');
    expect(readTemplates(folder)).toEqual({
      ...builtInTemplates,
      resolved: { subject: 'Vorbei', text: '{%problem%}', html: '<h1>{%problem%}</h1>' },
    });
    // A password belongs in no other mail than the one about the account.
    writeFileSync(join(folder, 'completedRun.txt'), 'Subject: {%password%}\n\nx');
    expect(() => readTemplates(folder)).toThrow(
      /completedRun\.txt cannot be used: \{%password%\} is no token of completedRun: it has \{%host%\}/,
    );
    expect(() => readTemplates(join(folder, 'none'))).toThrow('There is no folder');
    rmSync(folder, { recursive: true });
  });
});

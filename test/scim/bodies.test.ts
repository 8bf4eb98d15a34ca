/** Request bodies as they come over the wire: in pieces, encoded, too large, or cut off. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { deflateSync, gzipSync } from 'node:zlib';
import type { ScimError } from '../../src/scim/error';
import { eventually } from '../support/hostProcess';
import { base, openProvider } from './memoryProvider';

describe('bodies', () => {
  const person = JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'Zoë' });
  const octets = Buffer.from(person);

  /** Posts the pieces one after the other, and ends after the last one unless it is to be cut off. */
  async function post(pieces: readonly Buffer[], fields: OutgoingHttpHeaders = {}, cut = false) {
    const { app, errors } = openProvider();
    const server = app.listen(0);
    try {
      const { port } = server.address() as AddressInfo;
      const headers = { 'Content-Type': 'application/scim+json', ...fields };
      const request = httpRequest({ port, method: 'POST', path: `${base}/Users`, headers });
      const answered = once(request, 'response');
      for (const piece of pieces) await new Promise((resolve) => request.write(piece, resolve));
      if (cut) {
        answered.catch(() => undefined);
        request.destroy();
        await eventually(async () => expect(errors).toHaveLength(1));
        return { error: errors[0] as ScimError };
      }
      request.end();
      const [response] = (await answered) as [IncomingMessage];
      return { status: response.statusCode, body: JSON.parse(await text(response)) };
    } finally {
      server.close();
    }
  }

  it('are read in pieces, in the middle of a letter too', async () => {
    const middle = octets.indexOf(0xc3) + 1;
    const pieces = [octets.subarray(0, 5), octets.subarray(5, middle), octets.subarray(middle)];
    expect(await post(pieces)).toMatchObject({ status: 201, body: { userName: 'Zoë' } });
  });

  it.each<[string, Buffer]>([
    ['gzip', gzipSync(octets)],
    ['Deflate', deflateSync(octets)],
    ['Identity', octets],
  ])('are read when they are encoded as %s', async (encoding, body) => {
    expect(await post([body], { 'Content-Encoding': encoding })).toMatchObject({ status: 201 });
  });

  it.each<[string, readonly Buffer[], OutgoingHttpHeaders, number]>([
    ['too much without a length', Array(30).fill(Buffer.alloc(100, ' ')), {}, 413],
    ['too much in little', [gzipSync(Buffer.alloc(100_000, ' '))], { 'Content-Encoding': 'gzip' }, 413],
    ['an encoding of its own', [octets], { 'Content-Encoding': 'rot13' }, 415],
    ['not what is said', [octets], { 'Content-Encoding': 'gzip' }, 400],
  ])('are refused when they are %s', async (_, pieces, fields, status) => {
    expect(await post(pieces, fields)).toMatchObject({ status, body: { status: String(status) } });
  });

  it.each([
    ['\\ud83d', 'userName'],
    ['a\\uDE00b', 'userName'],
    ['x", "name": { "givenName": "\\ud83d" }, "title": "', 'name.givenName'],
    ['x", "emails": [{ "value": "\\ud83d." }], "title": "', 'emails.value'],
    ['x", "\\ud800": "', '(a name)'],
  ])('are refused for half of a surrogate pair: %s', async (userName, place) => {
    const { status, body } = await post([Buffer.from(`{ "userName": "${userName}" }`)]);
    expect([status, body.scimType, body.detail]).toEqual([400, 'invalidValue', expect.stringContaining(`"${place}"`)]);
  });

  it('take both halves together, and backslashes before what looks like one', async () => {
    for (const [text, means] of [
      ['\\ud83d\\ude00', '😀'],
      ['\\\\ud83d', '\\ud83d'],
    ])
      expect(await post([Buffer.from(`{ "userName": "${text}" }`)])).toMatchObject({
        status: 201,
        body: { userName: means },
      });
  });

  it('are waited for no longer when the client has gone', async () => {
    const { error } = await post([octets.subarray(0, 9)], { 'Content-Length': octets.length }, true);
    expect([400, 503]).toContain(error?.status);
  });
});

import { Call } from '../../src/directory/call';
import type { SearchRequest } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import type { Entry } from '../../src/directory/entry';
import { type Filter, present } from '../../src/directory/filter';
import { Session } from '../../src/directory/session';
import { reference, searchDone, searchEntry, Tag } from '../support/fakeLdap';
import { ALICE, all, BASE, base, failure, fake, known, openKnown, read, until } from '../support/ldap';
import { startSlapd } from '../support/slapd';

describe('deadlines', () => {
  test('an operation that takes too long is abandoned, and the others go on over the same socket', async () => {
    const server = await fake((request) => request.tag === Tag.search && request.text.includes('uid=slow'));
    const directory = await openKnown(server);
    // Connecting and binding are no part of the time that an operation has.
    await read(directory);
    const slow = failure(read(directory, `uid=slow,${BASE}`, 50));
    const others = await Promise.all(Array.from({ length: 10 }, () => read(directory)));
    expect(await slow).toMatchObject({ result: 'timeout', operation: 'search', dn: `uid=slow,${BASE}`, sent: true });
    expect(others.flat()).toHaveLength(10);

    const stop = new AbortController();
    const cancelled = failure(read(directory, `uid=slow,${BASE}`, 3_000, stop.signal));
    await until(() => server.requests.filter(({ text }) => text.includes('uid=slow')).length === 2);
    stop.abort();
    expect(await cancelled).toMatchObject({ result: 'cancelled', sent: true });
    expect(await failure(read(directory, ALICE, 3_000, stop.signal))).toMatchObject({
      result: 'cancelled',
      sent: false,
    });
    expect(await read(directory)).toHaveLength(1);
    expect(server.requests.filter(({ tag }) => tag === Tag.abandon)).toHaveLength(2);
    expect(server.connections).toBe(1);
  });

  test('a server that slept is spoken to again when it wakes', async () => {
    const server = await startSlapd();
    if (!server) return;
    const directory = await openKnown(server);
    await read(directory);
    await server.pause();
    expect((await failure(read(directory, ALICE, 100))).result).toBe('timeout');
    server.resume();
    // The silent connection is given up where waking takes longer than its probe.
    expect(await read(directory).catch(() => read(directory))).toHaveLength(1);
    await server.stop();
  });

  test('a connection on which nothing is answered any more is given up for a new one', async () => {
    let mute = false;
    const server = await fake(() => mute);
    const directory = await openKnown(server);
    await read(directory);
    mute = true;
    expect((await failure(read(directory, ALICE, 30))).result).toBe('timeout');
    await until(() => server.open === 0);
    mute = false;
    expect(await read(directory)).toHaveLength(1);
    expect(server.connections).toBe(2);
  });

  test('operations beyond those that may be in flight wait their turn, and one that gives up was never sent', async () => {
    const held: (() => void)[] = [];
    const server = await fake((request, socket) => {
      if (request.tag !== Tag.search || held.length === 64) return false;
      held.push(() => socket.write(searchDone(request.id)));
      return true;
    });
    const directory = await openKnown(server);
    const first = Array.from({ length: 64 }, () => read(directory));
    await until(() => held.length === 64);
    const late = await Promise.all(Array.from({ length: 64 }, () => failure(read(directory, `uid=late,${BASE}`, 20))));
    for (const error of late) expect(error).toMatchObject({ result: 'timeout', sent: false });
    const waiting = Array.from({ length: 100 }, () => read(directory));
    for (const release of held) release();
    expect((await Promise.all(first)).flat()).toHaveLength(0);
    expect((await Promise.all(waiting)).flat()).toHaveLength(100);
    expect(server.requests.filter(({ text }) => text.includes('uid=late'))).toHaveLength(0);
  });

  test('what comes when its caller has gone is closed, and a closed session opens nothing', async () => {
    const server = await fake();
    const options = { hosts: [server], binding: 'Anonymous', connectionTimeoutMs: 60_000 } as const;
    const session = new Session(options);
    const gone = new Call('search', '', 60_000, AbortSignal.abort());
    expect((await failure(session.own(gone))).result).toBe('cancelled');
    await until(() => server.connections === 1 && server.open === 0);
    const tooLate = failure(session.own(new Call('search', '', 60_000)));
    session.close();
    expect((await tooLate).diagnostic).toBe('the session is closed');
    await until(() => server.open === 0);
    expect((await failure(session.own(new Call('search', '', 60_000)))).diagnostic).toBe('the session is closed');
  });
});

describe('searches', () => {
  const everything: SearchRequest = {
    base: DN.parse(BASE),
    scope: 'sub',
    filter: present('objectClass'),
    attributes: [],
  };

  test('pages end on an empty cookie and on nothing else', async () => {
    const pages = (id: number): readonly Buffer[] => [
      searchDone(id, 'one'),
      Buffer.concat([searchEntry(id, `uid=a,${BASE}`, {}), reference(id), searchDone(id, 'two')]),
      searchDone(id, 'three'),
      Buffer.concat([searchEntry(id, `uid=b,${BASE}`, {}), searchDone(id, '')]),
    ];
    let page = 0;
    const server = await fake((request, socket) => {
      if (request.tag !== Tag.search) return false;
      socket.write(pages(request.id)[page] ?? Buffer.alloc(0));
      page += 1;
      return true;
    });
    const directory = await openKnown(server);
    expect((await all(directory.search(everything))).map(({ dn }) => dn.rdn?.value('uid'))).toEqual(['a', 'b']);
    const cookies = server.requests
      .filter(({ tag }) => tag === Tag.search)
      .map(({ text }) => /one|two|three/.exec(text)?.[0]);
    expect(cookies).toEqual([undefined, 'one', 'two', 'three']);
  });

  test('a full page without a cookie, empty pages for ever, or a lost connection are no end', async () => {
    let answer = (id: number): Buffer => Buffer.concat([searchEntry(id, `uid=a,${BASE}`, {}), searchDone(id)]);
    const server = await fake((request, socket) => {
      if (request.tag !== Tag.search) return false;
      const bytes = answer(request.id);
      if (bytes.length === 0) socket.end();
      else socket.write(bytes);
      return true;
    });
    const directory = await openKnown(server, { pageSize: 1 });
    expect((await failure(all(directory.search(everything)))).diagnostic).toContain('without a cookie');
    answer = (id) => searchDone(id, 'again');
    expect((await failure(all(directory.search(everything)))).diagnostic).toContain('empty pages');
    let given = 0;
    answer = (id) => {
      given += 1;
      return given > 1
        ? Buffer.alloc(0)
        : Buffer.concat([searchEntry(id, `uid=a,${BASE}`, {}), searchDone(id, 'more')]);
    };
    expect((await failure(all(directory.search(everything)))).result).toBe('connectionLost');
  });

  test('absolute true and false are sent as every server takes them, and too deep a filter is not sent', async () => {
    const server = await fake();
    const directory = await openKnown(server);
    const ask = (filter: Filter): Promise<Entry[]> => all(directory.search({ ...base(DN.parse(BASE)), filter }));
    await ask({ kind: 'and', filters: [] });
    await ask({ kind: 'not', filter: { kind: 'or', filters: [] } });
    const sent = server.requests.filter(({ tag }) => tag === Tag.search).map(({ text }) => text);
    expect(sent[0]).toContain('\x87\x0bobjectClass');
    expect(sent[1]).toContain('\xa2\x0f\xa2\x0d\x87\x0bobjectClass');
    let deep: Filter = present('cn');
    for (let i = 0; i < 100_000; i += 1) deep = { kind: 'not', filter: deep };
    expect(await failure(ask(deep))).toMatchObject({ result: 80, sent: false });
    expect(await read(directory)).toHaveLength(1);
  });

  test('an entry that cannot be read fails its own search only', async () => {
    const server = await fake((request, socket) => {
      if (!request.text.includes('uid=odd')) return false;
      return socket.write(Buffer.concat([searchEntry(request.id, 'no DN at all', {}), searchDone(request.id)]));
    });
    const directory = await openKnown(server);
    const [odd, fine] = await Promise.all([failure(read(directory, `uid=odd,${BASE}`)), read(directory)]);
    expect(odd).toMatchObject({ result: 80, diagnostic: expect.stringContaining('an entry could not be read') });
    expect(fine).toHaveLength(1);
    expect(server.connections).toBe(1);
  });

  test('attributes that come in ranges are put together', async () => {
    const members = Array.from({ length: 7 }, (_, i) => `cn=m${i}`);
    const server = await fake((request, socket) => {
      if (request.tag !== Tag.search) return false;
      const from = Number(/range=(\d+)-\*/.exec(request.text)?.[1] ?? 0);
      const last = from + 3 >= members.length;
      const name = `member;range=${from}-${last ? '*' : from + 2}`;
      const entry = searchEntry(request.id, ALICE, { cn: ['g'], member: [], [name]: members.slice(from, from + 3) });
      return socket.write(Buffer.concat([entry, searchDone(request.id)]));
    });
    const directory = await openKnown(server, {
      known: { ...known, description: { ...known.description, product: 'ad' } },
    });
    const [entry] = await read(directory);
    expect(entry?.values('member')).toEqual(members);
    expect([...(entry?.attributes() ?? [])].map(({ name }) => name)).toEqual(['cn', 'member']);
  });

  test('octets stay octets: by schema, by option, and where text is no UTF-8', async () => {
    const octets = Buffer.from([0x00, 0xff, 0x80]);
    const server = await fake((request, socket) => {
      if (request.tag !== Tag.search) return false;
      const values = { jpegPhoto: ['plain'], 'x;binary': ['y'], description: ['\ufffd', 'é', octets, ''] };
      const bytes = Buffer.concat([searchEntry(request.id, ALICE, values), searchDone(request.id)]);
      // One octet at a time, to be put together from pieces of every size.
      for (const byte of bytes) socket.write(Buffer.of(byte));
      return true;
    });
    const schema = {
      attributeTypes: ["( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )"],
      objectClasses: [],
    };
    const directory = await openKnown(server, { known: { ...known, schema } });
    const [entry] = await read(directory);
    expect(entry?.values('jpegPhoto')).toEqual([Buffer.from('plain')]);
    expect(entry?.values('x;binary')).toEqual([Buffer.from('y')]);
    expect(entry?.values('description')).toEqual(['\ufffd', 'é', octets, '']);
  });
});

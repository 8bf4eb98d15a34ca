/** In which order the operations of a bulk request are carried out, and what they wait for (RFC 7644 §3.7.1, §3.7.2). */
import fc from 'fast-check';
import { bulkIdsIn, replaceBulkIds } from '../../src/scim/bulkReferences';
import { readBulkRequest } from '../../src/scim/bulkRequest';
import { ScimError } from '../../src/scim/error';
import { createGroup, createUser, opened, statuses } from './bulkRequests';
import { refusal } from './resourceTypes';

describe('operations', () => {
  /** Creates and updates that end when they are told to. */
  function controlled() {
    const provider = opened();
    const begun: string[] = [];
    const pending = new Map<string, () => void>();
    const held = async (name: string) => {
      begun.push(name);
      await new Promise<void>((resolve) => pending.set(name, resolve));
    };
    const { users } = provider;
    const [create, update] = [users.create.bind(users), users.update.bind(users)];
    users.create = async (resource, context) => {
      await held(String(resource.userName));
      return create(resource, context);
    };
    users.update = async (id, change, context) => {
      await held(id);
      return update(id, change, context);
    };
    const end = async (name: string) => {
      for (;;) {
        const resolve = pending.get(name);
        pending.delete(name);
        if (resolve) return resolve();
        await new Promise(setImmediate);
      }
    };
    return { ...provider, begun, end };
  }

  it('on different resources run side by side, on the same one in order', async () => {
    const { bulk, begun, end, users } = controlled();
    for (const id of ['1', '2']) users.resources.set(id, { id, userName: id });
    const put = (id: string, title: string) => ({ method: 'PUT', path: `/Users/${id}`, data: { userName: id, title } });
    const done = bulk([put('1', 'a'), put('1', 'b'), put('2', 'c'), createUser('n'), put('1', 'd')]);
    await end('n');
    await end('2');
    expect(begun).toEqual(['1', '2', 'n']);
    for (let times = 0; times < 3; times++) await end('1');
    expect(statuses((await done).results)).toEqual(['200', '200', '200', '201', '200']);
    expect(users.resources.get('1')?.title).toBe('d');
  });

  it('are begun as long as there is time to tell what became of them; the others are 503, and not done', async () => {
    const { bulk, users } = opened();
    let now = performance.now();
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    const create = users.create.bind(users);
    users.create = (resource, context) => {
      // The provider's requests have five seconds.
      now += 500;
      return create(resource, context);
    };
    try {
      const { status, results } = await bulk(Array.from({ length: 20 }, (_, i) => createUser(`u${i}`)));
      const done = results.filter((one) => one.status === '201').length;
      expect([status, results.length, done, users.resources.size]).toEqual([200, 20, 8, 8]);
      for (const one of results.slice(done))
        expect(one).toMatchObject({
          status: '503',
          response: { status: '503', detail: expect.stringContaining('was not begun') },
        });
    } finally {
      clock.mockRestore();
    }
  });

  it('that meet a value which an earlier one is about to give up are tried again after it', async () => {
    const { bulk, end, users } = controlled();
    users.resources.set('1', { id: '1', userName: 'taken' });
    const create = users.create;
    users.create = async (resource, context) => {
      if ([...users.resources.values()].some(({ userName }) => userName === resource.userName)) {
        throw ScimError.uniqueness('There is one already.');
      }
      return create(resource, context);
    };
    const rename = { method: 'PUT', path: '/Users/1', data: { userName: 'other' } };
    const done = bulk([rename, createUser('taken')]);
    await end('1');
    await end('taken');
    expect(statuses((await done).results)).toEqual(['200', '201']);
  });
});

describe('reading', () => {
  const value = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('bulkId:a', '../Users/bulkId:b', 'bulkId:', 'xbulkId:a', 'text'),
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('path', 'value', '__proto__', 'members'), tie('json'), { maxKeys: 3 }),
    ),
  })).json;

  it('leaves nothing of a bulkId behind, and everything else alone', () => {
    fc.assert(
      fc.property(value, (json) => {
        const before = structuredClone(json);
        const replaced = replaceBulkIds(json, (bulkId) => `<${bulkId}>`);
        expect([...bulkIdsIn(replaced)]).toEqual([]);
        if (bulkIdsIn(json).size === 0) expect(replaced).toEqual(json);
        expect(json).toEqual(before);
      }),
    );
  });

  it('puts every operation after what it waits for, whatever refers to whatever', () => {
    const name = fc.constantFrom(...'abcdef');
    const operation = fc.oneof(
      fc
        .tuple(name, fc.array(name, { maxLength: 3 }))
        .map(([bulkId, others]) => createGroup(bulkId, ...others.map((other) => `bulkId:${other}`))),
      name.map((bulkId) => ({ method: 'DELETE', path: `/Users/bulkId:${bulkId}` })),
    );
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 12 }), (Operations) => {
        const { operations } = readBulkRequest({ Operations }, 100);
        expect(operations.map(({ position }) => position).sort((a, b) => a - b)).toEqual(Operations.map((_, i) => i));
        operations.forEach((one, index) => {
          for (const other of one.after) expect(operations.indexOf(other)).toBeLessThan(index);
        });
      }),
    );
  });

  it('takes a chain as long as the request', () => {
    const chain = Array.from({ length: 1000 }, (_, index) => createGroup(`g${index}`, `bulkId:g${(index + 1) % 1000}`));
    const { operations } = readBulkRequest({ Operations: chain }, 1000);
    expect(operations.filter(({ circular }) => circular.size > 0)).toHaveLength(1);
    expect(refusal(() => readBulkRequest({ Operations: chain }, 999)).status).toBe(413);
  });
});

import { patient } from '../../src/connector/patientDirectory';
import type { Directory } from '../../src/directory/directory';
import { DN } from '../../src/directory/dn';
import { Entry } from '../../src/directory/entry';
import { LdapError, ResultCode } from '../../src/directory/error';
import { present } from '../../src/directory/filter';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';

const dn = DN.parse('ou=people,dc=example,dc=com');
const failure = (result: LdapError['result'], sent = true) => new LdapError(result, 'modify', dn.toString(), '', sent);

/** A directory whose writes and searches fail in this order before they work. */
function failing(failures: LdapError[]) {
  const memory = openMemoryDirectory();
  const counted = { attempts: 0 };
  const next = () => {
    counted.attempts += 1;
    const error = failures.shift();
    if (error !== undefined) throw error;
  };
  const directory = new Proxy(memory, {
    get: (target, name) => {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== 'function') return member;
      if (name === 'search') {
        return async function* (...args: Parameters<Directory['search']>) {
          next();
          yield* target.search(...args);
        };
      }
      return async (...args: unknown[]) => {
        next();
        return (member as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { directory: patient(directory), counted };
}

const add = (directory: Directory, signal?: AbortSignal) =>
  directory.add(new Entry(dn, { objectClass: 'organizationalUnit', ou: 'people' }), {
    ...(signal === undefined ? {} : { signal }),
  });
const search = async (directory: Directory) => {
  const entries: Entry[] = [];
  const request = { base: DN.parse('dc=example,dc=com'), scope: 'sub', filter: present('objectClass') } as const;
  for await (const entry of directory.search({ ...request, attributes: [] })) entries.push(entry);
  return entries;
};

describe('a patient directory', () => {
  test('repeats a write that has certainly not taken place', async () => {
    for (const error of [failure(ResultCode.busy), failure(ResultCode.unavailable), failure('connectionLost', false)]) {
      const { directory, counted } = failing([error, error]);
      await expect(add(directory)).resolves.toBeUndefined();
      expect(counted.attempts).toBe(3);
    }
  });

  test('never repeats one that may have taken place, or that was refused', async () => {
    for (const error of [failure('connectionLost'), failure('timeout'), failure('cancelled'), failure(50)]) {
      const { directory, counted } = failing([error]);
      await expect(add(directory)).rejects.toBe(error);
      expect(counted.attempts).toBe(1);
    }
  });

  test('repeats a search that has lost its connection, and gives up after four attempts with the directory’s own error', async () => {
    const lost = failure('connectionLost');
    const once = failing([lost]);
    expect(await search(once.directory)).toHaveLength(1);
    const always = failing(Array.from({ length: 9 }, () => lost));
    await expect(search(always.directory)).rejects.toBe(lost);
    expect(always.counted.attempts).toBe(4);
  });

  test('stops when nobody waits any more', async () => {
    const busy = failure(ResultCode.busy);
    const { directory, counted } = failing([busy, busy, busy, busy]);
    await expect(add(directory, AbortSignal.abort())).rejects.toBe(busy);
    expect(counted.attempts).toBe(1);
  });
});

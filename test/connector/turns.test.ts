import { Turns } from '../../src/connector/turns';

const settled = () => new Promise(setImmediate);

test('so many at once, the others in order, and one that gives up is passed over', async () => {
  const turns = new Turns(2);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const work = (name: string, signal?: AbortSignal) =>
    turns.run(() => {
      begun.push(name);
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
      });
    }, signal);
  const stop = new AbortController();
  const [a, b, c, d, e] = [work('a'), work('b'), work('c', stop.signal), work('d'), work('e')];
  await settled();
  expect(begun).toEqual(['a', 'b']);
  stop.abort(new Error('no longer wanted'));
  await expect(c).rejects.toThrow('no longer wanted');
  ends.get('a')?.(new Error('a failed'));
  await expect(a).rejects.toThrow('a failed');
  await settled();
  expect(begun).toEqual(['a', 'b', 'd']);
  ends.get('b')?.();
  await expect(b).resolves.toBe('b');
  await settled();
  expect(begun).toEqual(['a', 'b', 'd', 'e']);
  ends.get('d')?.();
  ends.get('e')?.();
  await Promise.all([d, e]);
  await expect(work('f', AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  const last = [work('g'), work('h'), work('i')];
  await settled();
  expect(begun.slice(4)).toEqual(['g', 'h']);
  for (const name of ['g', 'h']) ends.get(name)?.();
  await settled();
  ends.get('i')?.();
  await expect(Promise.all(last)).resolves.toEqual(['g', 'h', 'i']);
});

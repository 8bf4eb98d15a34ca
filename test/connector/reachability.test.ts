import { Reachability } from '../../src/connector/reachability';
import { openMemoryDirectory } from '../../src/directory/memoryDirectory';

describe('reachability', () => {
  let told: string[];
  let reachability: Reachability;
  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    reachability = new Reachability({ lost: (reason) => told.push(reason), reached: () => told.push('reached') });
  });
  afterEach(() => {
    reachability.close();
    jest.useRealTimers();
  });

  test('a loss is told once, and any result code is an answer', () => {
    reachability.heard({ result: 0 });
    reachability.heard({ result: 'connectionLost' });
    reachability.heard({ result: 'timeout' });
    reachability.heard({ result: 'cancelled' });
    expect(told).toEqual(['the connection was lost or refused']);
    reachability.heard({ result: 53 });
    reachability.heard({ result: 0 });
    expect(told).toEqual(['the connection was lost or refused', 'reached']);
    reachability.heard({ result: 'timeout' });
    expect(told).toHaveLength(3);
  });

  test('while the directory is lost it is asked now and then, until it answers', async () => {
    const directory = openMemoryDirectory();
    let asked = 0;
    const search: typeof directory.search = async function* (request, options) {
      asked += 1;
      if (asked < 3) {
        reachability.heard({ result: 'connectionLost' });
        throw new Error('still away');
      }
      yield* directory.search(request, options);
      reachability.heard({ result: 0 });
    };
    reachability.follow(Object.assign(Object.create(directory), { search }));
    reachability.heard({ result: 'connectionLost' });
    for (let quarter = 0; quarter < 8; quarter += 1) await jest.advanceTimersByTimeAsync(15_000);
    expect(asked).toBe(3);
    expect(told).toEqual(['the connection was lost or refused', 'reached']);
  });

  test('closed, it asks no more', async () => {
    let asked = 0;
    const search = () => {
      asked += 1;
      throw new Error('closed');
    };
    reachability.follow(Object.assign(Object.create(openMemoryDirectory()), { search }));
    reachability.heard({ result: 'timeout' });
    reachability.close();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(0);
  });
});

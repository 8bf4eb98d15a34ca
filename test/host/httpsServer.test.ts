/** Clients that hold connections instead of using them. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCertificate } from '../../src/host/certificate';
import { HttpsServer } from '../../src/host/httpsServer';

describe('connections', () => {
  it('beyond the limit are closed at once, said once, and taken again when others have ended', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'server-'));
    const { cert, key } = await openCertificate({ directory, hostName: 'localhost' });
    const full: number[] = [];
    const options = { cert, key, requestTimeoutMs: 1000, maxConnections: 2, onFull: (most: number) => full.push(most) };
    const server = new HttpsServer(options, (_request, response) => response.end());
    const { port } = await server.listen(0, '127.0.0.1');
    const open = async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    const held = [await open(), await open()];
    for (let times = 0; times < 3; times++) await once((await open()).resume(), 'close');
    expect(full).toEqual([2]);
    held[0]?.destroy();
    // The server hears of the end in its own time.
    for (let taken = false; !taken; ) {
      const socket = (await open()).resume();
      const closed = once(socket, 'close').then(() => false);
      taken = await Promise.race([closed, new Promise<true>((resolve) => setTimeout(resolve, 200, true))]);
    }
    await server.close(0);
    await rm(directory, { recursive: true });
  });
});

/** A private server of another product than OpenLDAP per test file, in a temporary folder and on free ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenLdap } from '../../scripts/directories/openldap';
import { type EmulationOptions, type MorePorts, servers } from '../../scripts/directories/servers';

export type Product = Exclude<keyof typeof servers, 'openldap'>;

export interface ServerUnderTest extends OpenLdap, MorePorts {
  readonly product: Product;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  /** Ends it and starts it again on the same ports with the same entries. */
  restart(): Promise<void>;
}

/**
 * Starts a server and answers when it serves; `suffix` overrides its own (dc=example,dc=com, Samba
 * DC=ad,DC=example,DC=com). Undefined, after a line on stderr, where it cannot be started; on a build server (`CI`)
 * that is an error, so that tests never vanish there.
 */
export async function startDirectoryServer(
  product: Product,
  options: EmulationOptions & { readonly suffix?: string } = {},
): Promise<ServerUnderTest | undefined> {
  const { name, start, stop } = servers[product];
  const folder = mkdtempSync(join(tmpdir(), `${product}-`));
  const [port, tlsPort, catalogPort, catalogTlsPort, kdcPort] = await freePorts(5);
  const more = product === 'samba' ? { catalogPort, catalogTlsPort, kdcPort } : {};
  const settings = { ...options, ...more, folder, port, tlsPort, untilParentEnds: true };
  try {
    const server = await start(settings);
    return {
      ...server,
      product,
      stop: async () => {
        await stop(folder);
        rmSync(folder, { recursive: true, force: true });
      },
      restart: async () => {
        await stop(folder);
        await start(settings);
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (process.env.CI) throw error;
    process.stderr.write(`No ${name}, so its tests prove nothing here: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** All at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const opened = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve(server));
      });
    }),
  );
  const ports = opened.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(opened.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

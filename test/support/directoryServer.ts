/** A private server of another product than OpenLDAP per test file, in a temporary folder and on free ports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenLdap } from '../../scripts/directories/openldap';
import { servers } from '../../scripts/directories/servers';

export type Product = Exclude<keyof typeof servers, 'openldap'>;

export interface ServerUnderTest extends OpenLdap {
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
  options: { readonly suffix?: string } = {},
): Promise<ServerUnderTest | undefined> {
  const { name, start, stop } = servers[product];
  const folder = mkdtempSync(join(tmpdir(), `${product}-`));
  const settings = { ...options, folder, port: await freePort(), tlsPort: await freePort(), untilParentEnds: true };
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

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

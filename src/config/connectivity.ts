/** What `connectivity` means as a whole: its servers, and whether binding, names and secrets go together. */
import { isIP } from 'node:net';
import type { ConnectorFile } from './connectorSchema';
import type { Finding } from './jsonFile';

type Found = Finding & { readonly severity: 'fault' | 'notice' };

const fault = (at: PropertyKey[], message: string): Found => ({ at, message, severity: 'fault' });

type Connectivity = ConnectorFile['connectivity'];

/** How one server is reached, and where in the file that stands. */
export interface PlacedConnectivity {
  readonly at: readonly PropertyKey[];
  readonly connectivity: Connectivity;
  /** Position of the partition; absent: the connector's own. */
  readonly partition?: number;
}

/** The connector's own connectivity, then that of each partition that has some: completed by the connector's. */
export function connectivitiesOf({ connectivity, partitions }: ConnectorFile): readonly PlacedConnectivity[] {
  const own = partitions.flatMap(({ connectivity: partition }, index) =>
    partition === undefined
      ? []
      : [
          {
            at: ['partitions', index, 'connectivity'],
            connectivity: completed(partition, connectivity),
            partition: index,
          },
        ],
  );
  return [{ at: ['connectivity'], connectivity }, ...own];
}

/** What belongs together is taken together: a server with its port, a user name with its password. */
function completed(
  own: NonNullable<ConnectorFile['partitions'][number]['connectivity']>,
  { host, hosts, port, userName, password, kerberos, ...others }: Connectivity,
): Connectivity {
  const server = own.host === undefined && own.hosts === undefined ? { host, hosts, port } : {};
  const named = own.userName !== undefined || own.password !== undefined || own.binding === 'Anonymous';
  const tickets = own.binding === undefined || own.binding === 'Kerberos' ? { kerberos } : {};
  return { ...others, ...server, ...(named ? {} : { userName, password }), ...tickets, ...own };
}

/** What is wrong with where the servers are and how the connector binds there. */
export function* connectivityFaults(file: ConnectorFile): Iterable<Found> {
  for (const placed of connectivitiesOf(file)) yield* [...serverFaults(placed), ...bindingFaults(placed)];
}

function* serverFaults({ at, partition, connectivity }: PlacedConnectivity): Iterable<Found> {
  const { product, host, hosts } = connectivity;
  if (product === 'memory') {
    if (partition !== undefined) yield fault([...at], 'is of no use: the embedded directory is one server');
    return;
  }
  if (host === undefined && hosts === undefined) {
    const message =
      'host is missing: name the directory server, or choose "product": "memory" for the embedded directory';
    yield fault([...at], message);
  }
  if (host !== undefined && hosts !== undefined)
    yield fault([...at, 'hosts'], 'host and hosts are both given: keep one of them');
}

function* bindingFaults({ at, connectivity }: PlacedConnectivity): Iterable<Found> {
  const { binding, userName, password, kerberos, product, host, hosts } = connectivity;
  if (product === 'memory') return;
  const servers = hosts ?? (host === undefined ? [] : [host]);
  const sockets = servers.filter((server) => server.startsWith('ldapi:'));
  if (kerberos !== undefined && binding !== 'Kerberos')
    yield fault([...at, 'kerberos'], 'is only for "binding": "Kerberos": choose it, or leave this out');
  if (sockets.length > 0 && sockets.length < servers.length)
    yield fault([...at, 'hosts'], 'Unix sockets and network addresses cannot stand side by side');
  if (sockets.length > 0 && binding !== 'Basic' && binding !== 'Anonymous')
    yield fault([...at, 'binding'], `is for the network: over a Unix socket choose "Basic"`);
  if (binding === 'Kerberos') yield* kerberosFaults({ at, connectivity }, servers);
  else if (binding === 'Basic' && sockets.length === 0) {
    if (userName === undefined) yield fault([...at], 'userName is missing: binding Basic needs it');
    if (password === undefined) yield fault([...at], 'password is missing: binding Basic needs it');
  } else if ((userName === undefined) !== (password === undefined)) {
    yield fault([...at], 'userName and password belong together: give both, or neither for an anonymous bind');
  }
}

function* kerberosFaults(
  { at, connectivity: { userName, password, kerberos } }: PlacedConnectivity,
  servers: readonly string[],
): Iterable<Found> {
  const { keytab, security } = kerberos ?? {};
  if (keytab !== undefined && password !== undefined)
    yield fault([...at, 'kerberos', 'keytab'], 'keytab and password are both given: keep one of them');
  if (userName === undefined && (keytab !== undefined || password !== undefined))
    yield fault([...at], 'userName is missing: Kerberos needs the principal, e.g. connector@EXAMPLE.COM');
  for (const server of servers) {
    if (isIP(hostAndPort(server, 0).host) === 0) continue;
    const message = `${server} is an address: Kerberos needs the name that the directory's key is for`;
    yield fault([...at], message);
  }
  if (security === 'none') {
    const message = 'everything but the bind crosses the network in clear text';
    yield { at: [...at, 'kerberos', 'security'], message, severity: 'notice' };
  }
}

/** `name`, `name:port`, `[v6]:port`, a bare IPv6 address, or `ldapi://` with the path of a socket. */
export function hostAndPort(text: string, port: number): { host: string; port: number; path?: string } {
  if (text.startsWith('ldapi:')) {
    // OpenLDAP writes the slashes of the path as %2F; without them the path begins at the third slash.
    const path = unescaped(text.replace(/^ldapi:\/{0,2}/, ''));
    return { host: 'localhost', port: 0, path };
  }
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (match) return { host: match[1] ?? match[2] ?? text, port: Number(match[3]) };
  return { host: text.replace(/^\[(.*)\]$/, '$1'), port };
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

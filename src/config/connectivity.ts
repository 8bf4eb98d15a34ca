/** What `connectivity` means as a whole: its servers, and whether binding, names and secrets go together. */
import { isIP } from 'node:net';
import type { ConnectorFile } from './connectorSchema';
import type { Finding } from './jsonFile';

type Found = Finding & { readonly severity: 'fault' | 'notice' };

const fault = (at: PropertyKey[], message: string): Found => ({ at, message, severity: 'fault' });

/** What is wrong with how the connector binds. */
export function* bindingFaults({ connectivity }: ConnectorFile): Iterable<Found> {
  const { binding, userName, password, kerberos, product, host, hosts } = connectivity;
  if (product === 'memory') return;
  const servers = hosts ?? (host === undefined ? [] : [host]);
  const sockets = servers.filter((server) => server.startsWith('ldapi:'));
  if (kerberos !== undefined && binding !== 'Kerberos')
    yield fault(['connectivity', 'kerberos'], 'is only for "binding": "Kerberos": choose it, or leave this out');
  if (sockets.length > 0 && sockets.length < servers.length)
    yield fault(['connectivity', 'hosts'], 'Unix sockets and network addresses cannot stand side by side');
  if (sockets.length > 0 && binding !== 'Basic' && binding !== 'Anonymous')
    yield fault(['connectivity', 'binding'], `is for the network: over a Unix socket choose "Basic"`);
  if (binding === 'Kerberos') yield* kerberosFaults(connectivity, servers);
  else if (binding === 'Basic' && sockets.length === 0) {
    if (userName === undefined) yield fault(['connectivity'], 'userName is missing: binding Basic needs it');
    if (password === undefined) yield fault(['connectivity'], 'password is missing: binding Basic needs it');
  } else if ((userName === undefined) !== (password === undefined)) {
    yield fault(['connectivity'], 'userName and password belong together: give both, or neither for an anonymous bind');
  }
}

function* kerberosFaults(
  { userName, password, kerberos }: ConnectorFile['connectivity'],
  servers: readonly string[],
): Iterable<Found> {
  const { keytab, security } = kerberos ?? {};
  if (keytab !== undefined && password !== undefined)
    yield fault(['connectivity', 'kerberos', 'keytab'], 'keytab and password are both given: keep one of them');
  if (userName === undefined && (keytab !== undefined || password !== undefined))
    yield fault(['connectivity'], 'userName is missing: Kerberos needs the principal, e.g. connector@EXAMPLE.COM');
  for (const server of servers) {
    if (isIP(hostAndPort(server, 0).host) === 0) continue;
    const message = `${server} is an address: Kerberos needs the name that the directory's key is for`;
    yield fault(['connectivity'], message);
  }
  if (security === 'none') {
    const message = 'everything but the bind crosses the network in clear text';
    yield { at: ['connectivity', 'kerberos', 'security'], message, severity: 'notice' };
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

/** The administration of a host under test, asked as an administrator does: over HTTP and by commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, type Outcome } from '../cli/commandLine';
import type { HostProcess } from './hostProcess';

export interface AdminAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies of every shape
  readonly body: any;
}

/** Where the administration listens; the host has to be started with `--admin-port 0`. */
function urlOf(host: HostProcess): URL {
  const line = host.output.split('\n').findLast((one) => one.includes('administration listens')) ?? '';
  return new URL(/"url":"([^"]+)"/.exec(line)?.[1] ?? '');
}

/** Where `/admin<path>` is. */
export const adminUrl = (host: HostProcess, path: string) => new URL(`/admin${path}`, urlOf(host));

/** Asks `/admin<path>`. */
export async function askAdmin(host: HostProcess, path: string, method = 'GET', body?: unknown): Promise<AdminAnswer> {
  const token = readFileSync(join(host.folder, 'certs/host.admin.token'), 'utf8').trim();
  const response = await fetch(adminUrl(host, path), {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

/** Runs a command on the folders of the host; `asks`: it speaks to the host too. */
export function command(host: HostProcess, args: readonly string[], asks = false): Promise<Outcome> {
  const folders = ['connectors', 'certs', 'state'].flatMap((name) => [`--${name}`, join(host.folder, name)]);
  return commandLine([...args, ...folders, ...(asks ? ['--admin-port', urlOf(host).port] : [])]);
}

/** What Prometheus would scrape. */
export async function metricsOf(host: HostProcess): Promise<string> {
  const token = readFileSync(join(host.folder, 'certs/host.admin.token'), 'utf8').trim();
  const response = await fetch(new URL('/metrics', urlOf(host)), { headers: { Authorization: `Bearer ${token}` } });
  return response.text();
}

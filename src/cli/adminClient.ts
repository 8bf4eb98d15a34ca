/** What commands ask of a host that runs: its administration API, with the administrator's token. */
import { existsSync, readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { hostEnvironment, tokenFile } from '../config/connectorFolder';
import { administratorToken } from '../config/hostFile';
import { keptTokens } from '../config/keptTokens';
import { Secret } from '../telemetry/secret';
import { keptAs } from './administration';
import type { HostFlags } from './options';

const patienceMs = 120_000;

/** The administration cannot be asked, or has refused: a sentence that says what to do. */
export class AdministrationFailure extends Error {
  override readonly name = 'AdministrationFailure';
}

/** Asks the administration of the host that these flags are about. @throws AdministrationFailure */
export async function askHost(flags: HostFlags, method: string, path: string, body?: unknown): Promise<unknown> {
  const { status, text } = await send(flags, method, path, body);
  const answer = parsed(text);
  if (status >= 200 && status < 300) return answer;
  const { detail } = Object(answer) as { detail?: unknown };
  throw new AdministrationFailure(typeof detail === 'string' ? detail : `The host answers with status ${status}.`);
}

function send(
  flags: HostFlags,
  method: string,
  path: string,
  body: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const { adminPort: port, adminAddress: host, certs } = flags;
  if (!port)
    throw new AdministrationFailure(
      'It is not known where the host’s administration listens: name its port with --admin-port, as for serve (or admin.port in host.json).',
    );
  const loopback = /^(?:127\.|::1$|localhost$)/.test(host);
  const headers = { Authorization: `Bearer ${tokenOf(flags).reveal()}`, 'Content-Type': 'application/json' };
  const options = { host, port, path: `/admin${path}`, method, headers, timeout: patienceMs };
  return new Promise((resolve, reject) => {
    const request = loopback
      ? plainRequest(options)
      : tlsRequest({ ...options, ca: ownCertificates(certs), checkServerIdentity: () => undefined });
    request.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(host, port, error)));
    request.on('timeout', () => request.destroy(new Error('it does not answer in time')));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => reject(unreachable(host, port, error)));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The certificates that the host may show: an address that is none of their names is as good, whoever has their key is the host. */
function ownCertificates(certs: string): Buffer[] {
  const files = ['host.crt', 'self-signed.crt'].map((name) => join(certs, name));
  return files.filter((file) => existsSync(file)).map((file) => readFileSync(file));
}

function tokenOf(flags: HostFlags): Secret {
  const { certs, sealKeyFile } = flags;
  const named = administratorToken(flags, hostEnvironment(process.env, certs, sealKeyFile), () => undefined);
  if (named instanceof Secret) return named;
  if (named !== undefined)
    throw new AdministrationFailure(
      'Only the digest of the administrator’s token is known here (sha256:…): name the token itself in CONNECTOR_HOST_ADMIN_TOKEN.',
    );
  const [kept] = existsSync(tokenFile(certs, keptAs)) ? keptTokens(certs, keptAs) : [];
  if (kept !== undefined) return kept;
  throw new AdministrationFailure(
    `There is no administrator’s token in ${certs}: name the folder with --certs, or the token with --admin-token.`,
  );
}

function unreachable(host: string, port: number, error: NodeJS.ErrnoException): AdministrationFailure {
  return new AdministrationFailure(
    `The administration of the host cannot be reached at ${host}:${port} (${error.code ?? error.message}): it is opened by connector-host serve --admin-port ${port}.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

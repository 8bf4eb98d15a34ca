/** Who a session is at the directory, and how it says so (RFC 4513): anonymous, simple bind, SASL EXTERNAL, Kerberos. */
import { BindRequest } from 'ldapts';
import { Call } from './call';
import { LdapError, ResultCode } from './error';
import { gssapiBind } from './gssapi';
import type { LdapConnection } from './ldapConnection';
import { SaslBindRequest } from './saslBind';
import type { SessionOptions } from './session';
import { addressOf, type Host } from './transport';

/** One way to bind. */
export interface Credentials {
  /** How errors call it; '' when there is no bind at all. */
  readonly name: string;
  /** What is shown to the server, to know whether something else was refused before. @throws LdapError when it cannot be had */
  secret(): string;
  /** Rejects with an {@link LdapError} that is not `sent`: the caller's own request was not. */
  bind(connection: LdapConnection, host: Host, secret: string): Promise<void>;
}

/** The bind that the options mean. A client certificate or a Unix socket without a user name is SASL EXTERNAL. */
export function credentialsOf(options: SessionOptions): Credentials {
  const { binding, userName = '', tls, hosts } = options;
  if (binding === 'Anonymous') return anonymous;
  if (binding === 'Kerberos') return kerberos(options);
  if (userName !== '') return simple(options, userName);
  const local = hosts.every(({ path }) => path !== undefined);
  return tls?.clientCertificate !== undefined || local ? external(options) : anonymous;
}

const anonymous: Credentials = { name: '', secret: () => '', bind: async () => undefined };

function simple({ password, connectionTimeoutMs }: SessionOptions, name: string): Credentials {
  return {
    name,
    secret: () => {
      let secret: string;
      try {
        secret = password?.() ?? '';
      } catch (error) {
        const reason = `the password of the bind cannot be had: ${(error as Error).message}`;
        throw bindError(name, 'connectionLost', reason, error);
      }
      // A bind with a name and without a password succeeds on many servers, as anonymous (RFC 4513 §5.1.2).
      if (secret === '')
        throw bindError(name, ResultCode.inappropriateAuthentication, 'the password of the bind is empty');
      return secret;
    },
    bind: async (connection, host, secret) => {
      const request = new BindRequest({ messageId: 0, dn: name, password: secret });
      await answered(connection, host, name, request, connectionTimeoutMs);
    },
  };
}

/** RFC 4422 appendix A: the server takes the identity from the certificate or from the process at the other end. */
function external({ connectionTimeoutMs }: SessionOptions): Credentials {
  const name = 'SASL EXTERNAL';
  const bind: Credentials['bind'] = async (connection, host) => {
    await answered(connection, host, name, new SaslBindRequest('EXTERNAL', Buffer.alloc(0)), connectionTimeoutMs);
  };
  return { name, secret: () => '', bind };
}

/** RFC 4752. */
function kerberos({ userName, password, kerberos: options, connectionTimeoutMs }: SessionOptions): Credentials {
  const name = userName ?? 'SASL GSSAPI';
  const bind: Credentials['bind'] = async (connection, host, secret) => {
    const account = { ...options, ...(userName !== undefined && { principal: userName }), password: secret };
    try {
      await gssapiBind(host, account, async (credentials) => {
        const request = new SaslBindRequest('GSSAPI', credentials);
        await answered(connection, host, name, request, connectionTimeoutMs, [ResultCode.saslBindInProgress]);
        return connection.saslCredentials;
      });
    } catch (error) {
      if (error instanceof LdapError) throw error;
      const reason = `${addressOf(host)}: Kerberos: ${error instanceof Error ? error.message : String(error)}`;
      throw bindError(name, ResultCode.invalidCredentials, reason, error);
    }
  };
  return { name, secret: () => password?.() ?? '', bind };
}

async function answered(
  connection: LdapConnection,
  host: Host,
  name: string,
  request: BindRequest,
  timeoutMs: number,
  alsoGood: readonly number[] = [],
): Promise<void> {
  const address = addressOf(host);
  const result = await connection.request(request, new Call('bind', name, timeoutMs)).catch((error: unknown) => {
    throw error instanceof LdapError ? bindError(name, error.result, `${address}: ${error.diagnostic}`, error) : error;
  });
  if (result.status === ResultCode.success || alsoGood.includes(result.status)) return;
  throw bindError(name, result.status, `${address} refused the bind: ${result.errorMessage}`);
}

/** `sent` is false: the bind may have been sent, the caller's own request was not. */
export function bindError(name: string, result: LdapError['result'], diagnostic: string, cause?: unknown): LdapError {
  return new LdapError(result, 'bind', name, diagnostic, false, cause === undefined ? undefined : { cause });
}

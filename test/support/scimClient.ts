/** An HTTPS client of a host under test. It trusts the certificate that the host has written, and checks it. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';

/** JSON whose members can be looked at without saying first what they are; what is not there is undefined. */
export interface Json {
  readonly [name: string]: Json;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Empty where the answer was no JSON. */
  readonly body: Json;
}

export interface Message {
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as it is; `body` is sent as JSON. */
  readonly raw?: string | Buffer;
  readonly body?: unknown;
}

export interface Place {
  readonly port: number;
  readonly ca: string;
  /** Prefix of every path. */
  readonly base: string;
  readonly token?: string;
  readonly onAnswer?: (answer: Answer) => void;
}

export const ECMA_USER = 'urn:ietf:params:scim:schemas:extension:ECMA2Host:2.0:User';
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** A PatchOp message. */
export const operations = (...Operations: object[]) => ({ schemas: [PATCH_OP], Operations });

/** One connector's endpoint, or the host itself. */
export class ScimClient {
  readonly #place: Place;
  readonly #agent: Agent;

  constructor(place: Place) {
    this.#place = place;
    this.#agent = new Agent({ ca: place.ca, keepAlive: true, maxSockets: 64 });
  }

  get = (path: string, headers?: OutgoingHttpHeaders) => this.send('GET', path, { headers });
  post = (path: string, body: unknown) => this.send('POST', path, { body });
  put = (path: string, body: unknown, headers?: OutgoingHttpHeaders) => this.send('PUT', path, { body, headers });
  patch = (path: string, ...list: object[]) => this.send('PATCH', path, { body: operations(...list) });
  delete = (path: string) => this.send('DELETE', path);

  /** Resources that a filter finds. The filter goes out percent-encoded. */
  async find(filter: string, endpoint = '/Users'): Promise<Json[]> {
    const { status, body, text } = await this.get(`${endpoint}?filter=${encodeURIComponent(filter)}`);
    if (status !== 200) throw new Error(`${filter}: ${status} ${text}`);
    return body.Resources as unknown as Json[];
  }

  /** Rejects when the connection ends before the answer has. */
  send(method: string, path: string, { headers, raw, body }: Message = {}): Promise<Answer> {
    const { port, base, token, onAnswer } = this.#place;
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const sent = request({
        host: 'localhost',
        port,
        method,
        path: base + path,
        agent: this.#agent,
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(content === undefined
            ? {}
            : { 'Content-Type': 'application/scim+json; charset=utf-8', 'Content-Length': Buffer.byteLength(content) }),
          ...headers,
        },
      });
      sent.once('error', reject);
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          const answer = { status: response.statusCode ?? 0, headers: response.headers, text, body: jsonOf(text) };
          onAnswer?.(answer);
          resolve(answer);
        });
      });
      sent.end(content);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

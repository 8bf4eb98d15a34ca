/** A real web hook on 127.0.0.1 that keeps what it is given. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Hook {
  readonly url: string;
  readonly calls: { readonly headers: IncomingHttpHeaders; readonly body: unknown }[];
  stop(): Promise<void>;
}

export async function startHook(status: () => number, headers: Record<string, string> = {}): Promise<Hook> {
  const calls: Hook['calls'] = [];
  const hook: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      calls.push({ headers: request.headers, body: JSON.parse(text) });
      response.writeHead(status(), headers).end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', () => resolve()));
  return {
    url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`,
    calls,
    stop: () => new Promise((resolve) => hook.close(() => resolve())),
  };
}

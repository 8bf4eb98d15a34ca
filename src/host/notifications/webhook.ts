/** A URL that is told: one POST with JSON for each notification. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { PermanentFailure } from './delivery';
import type { WebhookOptions } from './options';

const patienceMs = 30_000;

/** Calls a web hook. `text` stands in every body, which is what chat services show. */
export class Webhook {
  constructor(readonly options: WebhookOptions) {}

  /** Rejects unless the answer is 2xx. Redirects are not followed: the token is for this URL only. */
  post(body: Readonly<Record<string, unknown>>): Promise<void> {
    const { url, token, ca } = this.options;
    const content = Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const { protocol } = new URL(url);
      const send = protocol === 'http:' ? httpRequest : httpsRequest;
      const request = send(url, {
        method: 'POST',
        timeout: patienceMs,
        headers: {
          'content-type': 'application/json',
          'content-length': content.length,
          ...(token !== undefined && { authorization: `Bearer ${token.reveal()}` }),
        },
        ...(ca !== undefined && protocol === 'https:' && { ca }),
      });
      request.once('timeout', () => request.destroy(new Error(`no answer within ${patienceMs / 1000} s`)));
      request.once('error', reject);
      request.once('response', (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        if (statusCode >= 200 && statusCode < 300) resolve();
        else if (isFinal(statusCode)) reject(new PermanentFailure(`it answers ${statusCode}`));
        else reject(new Error(`it answers ${statusCode}`));
      });
      request.end(content);
    });
  }
}

/** The request itself is refused, and not because there were too many of them (RFC 9110 §15.5, RFC 6585 §4). */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 429;
}

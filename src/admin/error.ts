/** Error answers of the administration API: a status and a sentence that says what to do. */
import type { Response } from 'express';

/** An error that is meant as an answer. */
export class AdminError extends Error {
  override readonly name = 'AdminError';

  constructor(
    readonly status: number,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }
}

/** What an error answer needs to be; errors of other rooms may fit too. */
export interface AnswerableError {
  readonly status: number;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends it as `{"status": "404", "detail": "…"}`, the form of SCIM's errors (RFC 7644 §3.12). */
export function sendAdminError(response: Response, { status, detail, headers }: AnswerableError): void {
  response
    .status(status)
    .set(headers)
    .json({ status: String(status), detail });
}

/** Why the host cannot start: what happened, where, and what to do about it, in one sentence for the operator. */
export class HostError extends Error {
  override readonly name = 'HostError';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

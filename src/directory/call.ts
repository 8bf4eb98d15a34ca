/** One LDAP operation under way: how errors name it, until when it may take, and whether its caller still wants it. */
import type { ObservedOperation, Options } from './directory';
import { LdapError, type NoResult, Referred, ResultCode } from './error';
import { understood } from './resultWords';

/** What decides how an operation has ended. */
interface Outcome {
  readonly status: number;
  readonly errorMessage: string;
  readonly referral?: readonly string[];
}

export class Call {
  readonly #startedAt = performance.now();

  constructor(
    readonly operation: ObservedOperation['operation'],
    readonly dn: string,
    readonly timeoutMs: number,
    readonly signal?: AbortSignal,
  ) {}

  static of(operation: Call['operation'], dn: string, options: Options, defaultTimeoutMs: number): Call {
    return new Call(operation, dn, options.timeoutMs ?? defaultTimeoutMs, options.signal);
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** An error of this operation; `sent` is false while the request has certainly not left. */
  error(result: number | NoResult, diagnostic: string, sent: boolean, cause?: unknown): LdapError {
    return new LdapError(
      result,
      this.operation,
      this.dn,
      diagnostic,
      sent,
      cause === undefined ? undefined : { cause },
    );
  }

  /** Waits for what the request needs before it can be sent, no longer than the operation may take. */
  before<T>(needed: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const release = this.whenGivenUp(this.timeoutMs - this.elapsedMs, (result) => {
        reject(this.error(result, this.reason(result), false));
      });
      needed.then(resolve, reject).finally(release);
    });
  }

  /** Calls back once, when the time is over or the caller aborts, unless it is released before. */
  whenGivenUp(afterMs: number, giveUp: (result: 'timeout' | 'cancelled') => void): () => void {
    const { signal } = this;
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const end = (result: 'timeout' | 'cancelled'): void => {
      release();
      giveUp(result);
    };
    const onAbort = (): void => end('cancelled');
    const timer = setTimeout(end, Math.max(0, afterMs), 'timeout');
    if (signal?.aborted) end('cancelled');
    else signal?.addEventListener('abort', onAbort, { once: true });
    return release;
  }

  /** The result itself; throws with its code where it is not success. */
  expectSuccess<T extends Outcome>(result: T): T {
    if (result.status === ResultCode.success) return result;
    const error = understood(this.error(result.status, result.errorMessage, true));
    throw result.referral === undefined ? error : new Referred(error, result.referral);
  }

  reason(result: 'timeout' | 'cancelled'): string {
    return result === 'timeout' ? `no answer within ${this.timeoutMs} ms` : 'the caller gave up';
  }
}

/** Runs an operation and tells the observer how it ended. */
export async function observed<T>(
  call: Call,
  { observer }: Options,
  run: () => Promise<T>,
  entries?: { readonly length: number },
): Promise<T> {
  if (!observer) return run();
  const report = (result: ObservedOperation['result']): void => {
    const { operation, dn, elapsedMs: durationMs } = call;
    observer({ operation, dn, result, durationMs, ...(entries ? { entries: entries.length } : {}) });
  };
  try {
    const answer = await run();
    report(ResultCode.success);
    return answer;
  } catch (error) {
    if (error instanceof LdapError) report(error.result);
    throw error;
  }
}
